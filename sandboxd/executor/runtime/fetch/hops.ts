/** Where a request goes, redirect by redirect: the Fetch standard's rules as Node has them. */
import { append } from "../intrinsics.ts";
import type {
  FetchClasses,
  InnerBody,
  InnerRequest,
  InnerResponse,
} from "./classes.ts";
import type { EgressErrors } from "./errors.ts";
import { failed, failedBy } from "./local.ts";

const maxRedirects = 20;
/** Of the body: gone with it. */
const bodyHeaders = [
  "content-encoding",
  "content-language",
  "content-location",
  "content-type",
  "content-length",
] as const;
/** Meant for who they were sent to. */
const secretHeaders = [
  "authorization",
  "proxy-authorization",
  "cookie",
  "host",
] as const;

/** Where it goes now. */
export function currentUrl({ url, urlList }: InnerRequest): URL {
  return urlList[urlList.length - 1] ?? url;
}

/** Settles what the next hop tells of where it comes from, and what is shown of its answer; throws where it may not be made. */
export function enterHop(classes: FetchClasses, request: InnerRequest): void {
  if (classes.requestBadPort(request) === "blocked") throw failed("bad port");
  if (request.referrerPolicy === "")
    request.referrerPolicy = "strict-origin-when-cross-origin";
  if (request.referrer !== "no-referrer")
    request.referrer = classes.determineRequestsReferrer(request);
  const isHome = classes.sameOrigin(currentUrl(request), request.url);
  if (isHome && request.responseTainting === "basic") return;
  if (request.mode === "same-origin")
    throw failed('request mode cannot be "same-origin"');
  if (request.mode !== "no-cors") request.responseTainting = "cors";
  else if (request.redirect === "follow") request.responseTainting = "opaque";
  // Node's words.
  else throw failed('redirect mode cannot be "follow" for "no-cors" request');
}

/** Turns the request to where the answer redirects; false where the answer is the last one. Throws where it may not be followed. */
export function followRedirect(
  classes: FetchClasses,
  errors: EgressErrors,
  request: InnerRequest,
  response: InnerResponse,
): boolean {
  const { status } = response;
  if (!isRedirect(status) || request.redirect === "manual") return false;
  if (request.redirect === "error") throw failed("unexpected redirect");
  const from = currentUrl(request);
  const to = locationOf(classes, response, from.hash);
  if (to === null) return false;
  if (to.protocol !== "http:" && to.protocol !== "https:")
    throw errors.markDenied(
      failed("URL scheme must be a HTTP(S) scheme"),
      "a redirect led to something else than http: or https:",
    );
  if (from.protocol === "https:" && to.protocol === "http:")
    throw errors.create("denied", "a redirect led from https: down to http:");
  if (request.redirectCount === maxRedirects)
    throw failed("redirect count exceeded");
  request.redirectCount++;
  checkCredentials(classes, request, to);
  turnBody(request, status);
  if (!classes.sameOrigin(from, to)) remove(request, secretHeaders);
  append(request.urlList, to);
  classes.setRequestReferrerPolicyOnRedirect(request, response);
  return true;
}

function isRedirect(status: number): boolean {
  return (
    status === 301 ||
    status === 302 ||
    status === 303 ||
    status === 307 ||
    status === 308
  );
}

function locationOf(
  classes: FetchClasses,
  response: InnerResponse,
  hash: string,
): URL | null {
  try {
    return classes.responseLocationURL(response, hash);
  } catch (error) {
    throw failedBy(error);
  }
}

function checkCredentials(
  classes: FetchClasses,
  request: InnerRequest,
  { username, password }: URL,
): void {
  if (username === "" && password === "") return;
  if (request.mode === "cors")
    throw failed('cross origin not allowed for request mode "cors"');
  if (request.responseTainting === "cors")
    throw failed('URL cannot contain credentials for request mode "cors"');
}

/** A body that was a stream has been read, and cannot be sent again. */
function turnBody(request: InnerRequest, status: number): void {
  const { method, body } = request;
  if (status !== 303 && body !== null && !canBeSentAgain(body))
    throw failed("the body of a request that is redirected was a stream");
  const losesIt =
    status === 303
      ? method !== "GET" && method !== "HEAD"
      : (status === 301 || status === 302) && method === "POST";
  if (!losesIt) return;
  request.method = "GET";
  request.body = null;
  remove(request, bodyHeaders);
}

export function canBeSentAgain(body: InnerBody | null): boolean {
  return body === null || (body.source !== null && body.source !== undefined);
}

function remove({ headersList }: InnerRequest, names: readonly string[]): void {
  for (const name of names) headersList.delete(name, true);
}
