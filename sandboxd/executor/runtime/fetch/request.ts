/** What leaves of a request: its head within the bounds of the executor, and its whole body. */
import { bytesToText } from "../bytes.ts";
import type { Limits } from "../calls.ts";
import {
  TypeErrorIntrinsic,
  append,
  charCode,
  least,
  quote,
} from "../intrinsics.ts";
import {
  headerCostChars,
  maxEgressBodyBytes,
  maxEgressHeaderChars,
  maxMethodChars,
  maxUrlChars,
} from "../../../egress-bounds.ts";
import type { HeaderEntry, InnerBody, InnerRequest } from "./classes.ts";
import type { OutwardRequest } from "./exchange.ts";
import { failed } from "./local.ts";

export type RequestHead = Pick<
  OutwardRequest,
  "method" | "url" | "headersJson" | "redirect"
>;
export type RequestBody = Pick<OutwardRequest, "body" | "encoding">;

export function readHead(request: InnerRequest): RequestHead {
  const { method, redirect } = request;
  const { href, hash } = request.url;
  const url = hash === "" ? href : href.slice(0, -hash.length);
  if (url.length > maxUrlChars) throw tooLong("URL", maxUrlChars);
  if (method.length > maxMethodChars) throw tooLong("method", maxMethodChars);
  const headersJson = wireForm(request.headersList.entriesList);
  return { method, url, headersJson, redirect };
}

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

/** At once where the body was given as a whole, else when its stream has been read. */
export function readBody(
  body: InnerBody | null,
  limits: Limits,
): RequestBody | Promise<RequestBody> {
  if (body === null) return { body: "", encoding: "utf8" };
  const maxBytes = least(limits.maxResultBytes, maxEgressBodyBytes);
  const { source } = body;
  if (typeof source === "string") {
    if (source.length > maxBytes) throw tooLong("body", maxBytes);
    return { body: source, encoding: "utf8" };
  }
  if (source instanceof Uint8Array) return bodyOf([source], maxBytes);
  return readStream(body.stream, maxBytes);
}

async function readStream(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<RequestBody> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bodyOf(chunks, maxBytes);
    if (!(value instanceof Uint8Array))
      throw new TypeErrorIntrinsic("a body's stream must give bytes");
    bytes += value.length;
    if (bytes > maxBytes) {
      const error = tooLong("body", maxBytes);
      await reader.cancel(error);
      throw error;
    }
    append(chunks, value);
  }
}

function bodyOf(chunks: readonly Uint8Array[], maxBytes: number): RequestBody {
  let body = "";
  for (const chunk of chunks) {
    if (body.length + chunk.length > maxBytes) throw tooLong("body", maxBytes);
    body += bytesToText(chunk);
  }
  return { body, encoding: "latin1" };
}

function tooLong(what: string, max: number): TypeError {
  return new TypeErrorIntrinsic(
    `the ${what} of a request may have ${max} chars`,
  );
}
