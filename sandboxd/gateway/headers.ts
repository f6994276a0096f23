/** Which headers pass between a client and the code it calls. */
import {
  validateHeaderName,
  validateHeaderValue,
  type IncomingMessage,
} from "node:http";
import type { Header } from "../../proto/gen/annex/invoke/v1/invoke.ts";

/** What concerns one connection only, and what we compute. */
const hopHeaders: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** What describes a body: of no meaning to code that came as the body itself. */
const bodyHeaders: ReadonlySet<string> = new Set([
  "content-encoding",
  "content-type",
]);
/** What we say of an answer; code may not say it in our name. */
const ownHeaders: ReadonlySet<string> = new Set([
  "traceparent",
  "x-wt-response-source",
]);

/** A request's headers, repeated ones kept apart; names in lower case. */
export function headersOf(
  request: IncomingMessage,
): [name: string, value: string][] {
  const { rawHeaders } = request;
  return rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1] ?? ""]] : [],
  );
}

/** The headers that code may see; `bodyBytes` is absent where it sees no body. */
export function toGuest(
  headers: [name: string, value: string][],
  bodyBytes?: number,
): Header[] {
  const passed = endToEnd(headers).filter(
    ([name]) => bodyBytes !== undefined || !bodyHeaders.has(name),
  );
  // Body parsers look for a length to know that there is a body, however it travelled.
  if (bodyBytes !== undefined && bodyBytes > 0)
    passed.push(["content-length", String(bodyBytes)]);
  return passed.map(([name, value]) => ({ name, value }));
}

/** Of the headers that code gave its answer, those that are well formed and its own to say. */
export function fromGuest(
  headers: readonly Header[],
): [name: string, value: string][] {
  return endToEnd(headers.map(({ name, value }) => [name, value])).filter(
    ([name, value]) =>
      !ownHeaders.has(name.toLowerCase()) &&
      !name.toLowerCase().startsWith("x-annex-") &&
      isWellFormed(name, value),
  );
}

function endToEnd(
  headers: [name: string, value: string][],
): [name: string, value: string][] {
  // Of either there may be thousands.
  const nominated = new Set(
    headers
      .filter(([name]) => name.toLowerCase() === "connection")
      .flatMap(([, value]) => value.toLowerCase().split(","))
      .map((name) => name.trim()),
  );
  return headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return (
      !hopHeaders.has(lower) &&
      !lower.startsWith("proxy-") &&
      !nominated.has(lower)
    );
  });
}

function isWellFormed(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}
