/** Checks and mends what an invocation asks for, as fetch does: what may not be set is dropped, what makes no sense is refused. */
import { acceptedCodings } from "./decode.ts";
import { maxEgressHeaderChars, maxUrlChars } from "../egress-bounds.ts";
import { denied, failed } from "./problem.ts";

/** One request as it goes out. */
export interface Outgoing {
  method: string;
  url: URL;
  headers: Header[];
  body: Buffer;
  /** What its author calls where it goes. */
  place: string;
}

export type Header = [name: string, value: string];

/** What was asked for. */
export interface Asked {
  method: string;
  url: string;
  headers: Header[];
  body: Buffer;
}

const maxHeaders = 256;

const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i;
/** Latin-1 without control characters: neither CR, LF nor NUL. */
const valuePattern = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;
/** Would open a tunnel, or have the request shown to whoever sent it. */
const closedMethods = new Set(["CONNECT", "TRACE", "TRACK"]);
/** Spelled as they should be, whatever their case; others stay as they are. */
const knownMethods = new Set([
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "POST",
  "PUT",
]);
/** Of the connection, not of the request; or the broker's own. */
const droppedHeaders = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** The request as it goes out; throws where it may not. */
export function outgoing(asked: Asked): Outgoing {
  const url = urlOf(asked.url);
  const method = methodOf(asked.method);
  if (asked.body.length > 0 && (method === "GET" || method === "HEAD"))
    throw denied(`a ${method} request has no body`);
  return {
    method,
    url,
    headers: [...headersOf(asked.headers)],
    body: asked.body,
    place: url.host,
  };
}

function urlOf(text: string): URL {
  if (text.length > maxUrlChars) throw urlTooLong();
  const url = URL.parse(text);
  if (!url) throw failed("that is no URL");
  // Percent-encoding makes nine of one.
  if (url.href.length > maxUrlChars) throw urlTooLong();
  if (!isHttp(url)) throw denied("only http: and https: URLs can be fetched");
  if (hasEmptyLabel(url)) throw denied(`${url.host} is no name of a host`);
  if (url.username !== "" || url.password !== "")
    throw denied(
      "a URL may hold no credentials; send them in an Authorization header",
    );
  return url;
}

function urlTooLong(): Error {
  return denied(`a URL may have ${maxUrlChars} characters`);
}

function isHttp({ protocol }: URL): boolean {
  return protocol === "http:" || protocol === "https:";
}

/** Resolvers may pass over what is between two dots, where rules see another name. One dot at the end is part of a name. */
function hasEmptyLabel({ hostname }: URL): boolean {
  return hostname.replace(/\.$/, "").split(".").includes("");
}

function methodOf(method: string): string {
  if (!tokenPattern.test(method)) throw denied("that is no HTTP method");
  const upper = method.toUpperCase();
  if (closedMethods.has(upper)) throw denied(`${upper} requests are closed`);
  return knownMethods.has(upper) ? upper : method;
}

function headersOf(headers: Header[]): Header[] {
  const chars = headers.reduce(
    (sum, header) => sum + header.join("").length,
    0,
  );
  if (headers.length > maxHeaders || chars > maxEgressHeaderChars)
    throw denied(
      `a request may have ${maxHeaders} headers of ${maxEgressHeaderChars} characters`,
    );
  const kept = headers.filter(([name, value]) => isKept(name, value));
  const given = new Set(kept.map(([name]) => name.toLowerCase()));
  if (!given.has("accept")) kept.push(["accept", "*/*"]);
  if (!given.has("user-agent")) kept.push(["user-agent", "annex"]);
  kept.push(["accept-encoding", acceptedCodings]);
  return kept;
}

function isKept(name: string, value: string): boolean {
  if (!tokenPattern.test(name))
    throw denied("a header's name is no HTTP token");
  if (!valuePattern.test(value))
    throw denied(`the value of the header ${name} holds a control character`);
  const lower = name.toLowerCase();
  if (lower === "expect") throw denied("the header Expect is closed");
  return !droppedHeaders.has(lower);
}
