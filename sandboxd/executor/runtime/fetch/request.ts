/** What leaves of a request: its head within the bounds of the executor, and its whole body. */
import { bytesToText } from "../bytes.ts";
import type { Limits } from "../calls.ts";
import {
  TypeErrorIntrinsic,
  append,
  charCode,
  isObject,
  least,
  quote,
  toText,
} from "../intrinsics.ts";
import {
  headerCostChars,
  maxEgressBodyBytes,
  maxEgressHeaderChars,
  maxMethodChars,
  maxUrlChars,
} from "../../../egress-bounds.ts";
import type {
  FetchClasses,
  HeaderEntry,
  InnerBody,
  InnerRequest,
} from "./classes.ts";
import type { OutwardRequest } from "./exchange.ts";
import { currentUrl } from "./hops.ts";
import { failed } from "./local.ts";
import { lengthOf } from "../node/bytes/views.ts";
import type { Host } from "../node/realm.ts";

export type RequestHead = Pick<
  OutwardRequest,
  "method" | "url" | "headersJson"
>;
export type RequestBody = Pick<OutwardRequest, "body" | "encoding">;

/** Of one hop. */
export function readHead(
  classes: FetchClasses,
  request: InnerRequest,
): RequestHead {
  const sent = classes.cloneRequest({ ...request, body: null });
  addHeaders(classes, sent);
  const { method } = request;
  const url = addressOf(currentUrl(request));
  if (url.length > maxUrlChars) throw tooLong("URL", maxUrlChars);
  if (method.length > maxMethodChars) throw tooLong("method", maxMethodChars);
  const headersJson = wireForm(sent.headersList.entriesList);
  return { method, url, headersJson };
}

/** Without what servers are not told there; a redirect may lead to credentials. */
function addressOf(url: URL): string {
  const { href, hash, protocol, host, pathname, search } = url;
  if (url.username !== "" || url.password !== "")
    return `${protocol}//${host}${pathname}${search}`;
  return hash === "" ? href : href.slice(0, -hash.length);
}

/** What Node adds of its own to what the program set. */
function addHeaders(classes: FetchClasses, request: InnerRequest): void {
  const { headersList, referrer } = request;
  const add = (name: string, value: string) => {
    if (!headersList.contains(name, true)) headersList.append(name, value);
  };
  add("accept-language", "*");
  if (isObject(referrer) && "href" in referrer)
    headersList.append("referer", toText(referrer.href));
  if (request.origin === "client") request.origin = request.client?.origin;
  classes.appendRequestOriginHeader(request);
  classes.appendFetchMetadata(request);
  if (request.cache === "no-cache") add("cache-control", "max-age=0");
  if (!passesCaches(request)) return;
  add("pragma", "no-cache");
  add("cache-control", "no-cache");
}

/** Also where the program asks by conditions of its own. */
function passesCaches({ cache, headersList }: InnerRequest): boolean {
  if (cache !== "default") return cache === "no-store" || cache === "reload";
  for (const name of conditions)
    if (headersList.contains(name, true)) return true;
  return false;
}

const conditions = [
  "if-modified-since",
  "if-none-match",
  "if-unmodified-since",
  "if-match",
  "if-range",
] as const;

/** A JSON array of names and values in turn. */
function wireForm(entries: readonly HeaderEntry[]): string {
  let chars = 0;
  let json = "";
  for (const [name, value] of entries) {
    chars += name.length + value.length + headerCostChars;
    if (chars > maxEgressHeaderChars)
      throw tooLong("headers", maxEgressHeaderChars);
    if (!canBeSent(value)) throw failed(`invalid ${name} header`);
    const pair = `${quote(name)},${quote(value)}`;
    json = json === "" ? pair : `${json},${pair}`;
  }
  return `[${json}]`;
}

/** The Fetch standard lets a value have control characters; no message of HTTP may, and undici sends none. */
function canBeSent(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = charCode(value, at);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff)
      return false;
  }
  return true;
}

export const noBody: RequestBody = { body: "", encoding: "utf8" };

/** At once where the body was given as a whole, else when its stream has been read. */
export function readBody(
  body: InnerBody | null,
  { host, limits, signal }: BodyReader,
): RequestBody | Promise<RequestBody> {
  if (body === null) return noBody;
  const maxBytes = least(limits.maxResultBytes, maxEgressBodyBytes);
  const { source } = body;
  if (typeof source === "string") {
    if (source.length > maxBytes) throw tooLong("body", maxBytes);
    return { body: source, encoding: "utf8" };
  }
  const whole = (chunks: readonly Uint8Array[]) =>
    bodyOf(host, chunks, maxBytes);
  if (source instanceof Uint8Array) return whole([source]);
  return readStream(body.stream, maxBytes, signal).then(whole);
}

interface BodyReader {
  host: Host;
  limits: Limits;
  signal: AbortSignal;
}

async function readStream(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const reader = stream.getReader();
  // The reason reaches who reads; what the source says of it is nobody's.
  signal.addEventListener("abort", () => cancel(reader, signal.reason));
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return chunks;
    if (!(value instanceof Uint8Array))
      throw new TypeErrorIntrinsic("a body's stream must give bytes");
    bytes += lengthOf(value);
    if (bytes > maxBytes) {
      const error = tooLong("body", maxBytes);
      await reader.cancel(error);
      throw error;
    }
    append(chunks, value);
  }
}

/** Tells the source of a body that nobody wants it. */
export function cancel(
  stream: Pick<ReadableStream, "cancel">,
  reason: unknown,
): void {
  stream.cancel(reason).catch(() => undefined);
}

function bodyOf(
  host: Host,
  chunks: readonly Uint8Array[],
  maxBytes: number,
): RequestBody {
  let body = "";
  for (const chunk of chunks) {
    if (body.length + lengthOf(chunk) > maxBytes)
      throw tooLong("body", maxBytes);
    body += bytesToText(host, chunk);
  }
  return { body, encoding: "latin1" };
}

function tooLong(what: string, max: number): TypeError {
  return new TypeErrorIntrinsic(
    `the ${what} of a request may have ${max} chars`,
  );
}
