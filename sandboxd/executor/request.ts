/** Turns a call of the supervisor's into what the runtime takes: a JSON head, and the payload as text. */
import { parse as parseQuery } from "node:querystring";
import type { GuestRequest, InvokeRequest } from "../protocol.ts";
import type { PayloadForm } from "./bridge.ts";
import type { BodyKind, RequestHead } from "./runtime/context.ts";

/** A call as the runtime takes it. */
export interface RuntimeRequest {
  head: string;
  body: string;
}

/** More names in a query are not looked at. */
const maxQueryNames = 1000;

/** `wallMs` is what is left of the call's time. */
export function runtimeRequest(
  request: InvokeRequest,
  payload: Buffer,
  { form, wallMs }: { form: PayloadForm; wallMs: number },
): RuntimeRequest {
  const bodyKind = bodyKindOf(request.contentType, payload, form);
  return {
    head: JSON.stringify(requestHead(request, { bodyKind, wallMs })),
    body: bodyText(payload, bodyKind),
  };
}

function requestHead(
  request: InvokeRequest,
  { bodyKind, wallMs }: { bodyKind: BodyKind; wallMs: number },
): RequestHead {
  const http = request.http ?? defaultRequest;
  const query = visibleQuery(http.query);
  const headers = withContentType(http.headers, request.contentType);
  return {
    id: request.invocationId,
    wallMs,
    method: http.method,
    url: query === "" ? http.path : `${http.path}?${query}`,
    mount: mountPattern.exec(http.path)?.[0] ?? "",
    query: parseQuery(query, "&", "=", { maxKeys: maxQueryNames }),
    headers: mergeHeaders(headers),
    rawHeaders: headers.flat(),
    bodyKind,
  };
}

/** Of the gateway: the container and, where the code is not in the request, the extension. */
const mountPattern = /^\/api\/run\/[^/]+(?:\/[^/]+)?/;

const defaultRequest: GuestRequest = {
  method: "POST",
  path: "/",
  query: "",
  headers: [],
};

function bodyKindOf(
  contentType: string,
  payload: Buffer,
  form: PayloadForm,
): BodyKind {
  if (form === "none" || payload.length === 0) return "none";
  if (form === "bytes") return "bytes";
  const [mediaType = ""] = contentType.split(";", 1);
  const name = mediaType.trim().toLowerCase();
  if (name === "application/json" || name.endsWith("+json")) return "json";
  if (name === "application/x-www-form-urlencoded") return "form";
  return "bytes";
}

function bodyText(payload: Buffer, bodyKind: BodyKind): string {
  if (bodyKind === "none") return "";
  return payload.toString(bodyKind === "bytes" ? "latin1" : "utf8");
}

/** The query without what is the gateway's own: the token, and webtask's switches. */
function visibleQuery(query: string): string {
  if (query === "") return "";
  return query
    .split("&")
    .filter((pair) => isVisible(pair.split("=", 1)[0] ?? ""))
    .join("&");
}

function isVisible(encodedName: string): boolean {
  const [name = ""] = Object.keys(parseQuery(encodedName));
  return name !== "key" && !name.startsWith("webtask_");
}

function withContentType(
  headers: GuestRequest["headers"],
  contentType: string,
): GuestRequest["headers"] {
  if (contentType === "") return headers;
  if (headers.some(([name]) => name.toLowerCase() === "content-type"))
    return headers;
  return [...headers, ["content-type", contentType]];
}

function mergeHeaders(
  headers: GuestRequest["headers"],
): Record<string, string> {
  const merged = new Map<string, string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const before = merged.get(key);
    const separator = key === "cookie" ? "; " : ", ";
    merged.set(key, before === undefined ? value : before + separator + value);
  }
  return Object.fromEntries(merged);
}
