/** Reads the parameters of `fetch` into a request that can leave. Reading runs guest code: getters, traps, `toString`. */
import type { Limits } from "../calls.ts";
import { isToken } from "../headers.ts";
import {
  TypeErrorIntrinsic,
  isObject,
  least,
  readProperty,
  toText,
  upperCase,
} from "../intrinsics.ts";
import { readBody } from "./body.ts";
import {
  maxEgressBodyBytes,
  maxEgressHeaderChars,
  maxMethodChars,
  maxUrlChars,
} from "./bounds.ts";
import type { OutwardRequest } from "./exchange.ts";
import { addKnown, hasKnown, Headers, wireForm } from "./headers.ts";

/** A request, and the signal that may end it. */
export interface ReadRequest {
  request: OutwardRequest;
  signal: object | undefined;
}

export function readRequest(
  input: unknown,
  init: unknown,
  limits: Limits,
): ReadRequest {
  const given = (name: string) =>
    isObject(init) ? readProperty(init, name) : undefined;
  const url = readUrl(input);
  const method = readMethod(given("method"));
  const headers = new Headers(given("headers"));
  const bodyGiven = given("body");
  const hasBody = bodyGiven !== undefined && bodyGiven !== null;
  if (hasBody && (method === "GET" || method === "HEAD"))
    throw new TypeErrorIntrinsic(`a ${method} request has no body`);
  const { text, form, contentType } = readBody(bodyGiven);
  const maxBytes = least(limits.maxResultBytes, maxEgressBodyBytes);
  if (text.length > maxBytes) throw tooLong("body", maxBytes);
  if (contentType !== "" && !hasKnown(headers, "content-type"))
    addKnown(headers, "content-type", contentType);
  const { json, chars } = wireForm(headers);
  if (chars > maxEgressHeaderChars)
    throw tooLong("headers", maxEgressHeaderChars);
  return {
    request: {
      method,
      url,
      headersJson: json,
      redirect: readRedirect(given("redirect")),
      body: text,
      encoding: form,
    },
    signal: readSignal(given("signal")),
  };
}

/** What it names is for the other side to judge; a URL parser here would cost a first request more than its way. */
function readUrl(input: unknown): string {
  const named = isObject(input) ? readProperty(input, "url") : undefined;
  const url = toText(named === undefined ? input : named);
  if (url.length > maxUrlChars) throw tooLong("URL", maxUrlChars);
  return url;
}

function readMethod(given: unknown): string {
  if (given === undefined) return "GET";
  const method = toText(given);
  if (method.length > maxMethodChars || !isToken(method))
    throw new TypeErrorIntrinsic("the method must be an HTTP token");
  const upper = upperCase(method);
  switch (upper) {
    case "CONNECT":
    case "TRACE":
    case "TRACK":
      throw new TypeErrorIntrinsic(`the method ${upper} is not allowed`);
    case "DELETE":
    case "GET":
    case "HEAD":
    case "OPTIONS":
    case "POST":
    case "PUT":
      return upper;
    default:
      return method;
  }
}

function readRedirect(given: unknown): string {
  if (given === undefined) return "follow";
  const redirect = toText(given);
  if (redirect === "follow" || redirect === "error" || redirect === "manual")
    return redirect;
  throw new TypeErrorIntrinsic("redirect is follow, error or manual");
}

function readSignal(given: unknown): object | undefined {
  if (given === undefined || given === null) return undefined;
  if (isObject(given)) return given;
  throw new TypeErrorIntrinsic("signal must be an AbortSignal");
}

function tooLong(what: string, max: number): TypeError {
  return new TypeErrorIntrinsic(
    `the ${what} of a request may have ${max} chars`,
  );
}
