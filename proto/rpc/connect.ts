/**
 * The unary half of the Connect protocol with JSON bodies over HTTP (https://connectrpc.com/docs/protocol/), both sides:
 * POST /package.Service/Method with a message in proto3 JSON, answered by a message, or by an HTTP error whose body is
 * { code, message }. It is the management API for whoever has only an HTTP client.
 */
import { AnnexError } from "../errors.ts";
import { codeOfConnectStatus, connectStatusOf } from "./status.ts";
import { inServerSpan, type CallObserver } from "./trace.ts";
import type {
  MessageType,
  RpcContext,
  ServiceDefinition,
  UnaryClient,
  UnaryImplementation,
} from "./service.ts";

/** One method of a service as an HTTP server serves it. */
export interface UnaryRoute {
  /** E.g. /annex.control.v1.ContainerService/CreateContainer */
  path: string;
  /** Takes and gives proto3 JSON; throws what the implementation throws, and `invalid` where the body is no such message. */
  handle: (body: unknown, context: RpcContext) => Promise<unknown>;
}

/** The routes of a service whose methods are all unary. */
export function unaryRoutes<Service extends ServiceDefinition>(
  definition: Service,
  implementation: UnaryImplementation<Service>,
  observe?: CallObserver,
): UnaryRoute[] {
  return Object.entries(definition.methods).map(([key, method]) => {
    const path = pathOf(definition, method.name);
    const answer = async (body: unknown, context: RpcContext) => {
      const call = implementation[key];
      if (!call) throw new AnnexError("internal", `no ${path} here`);
      const request = messageOf(method.requestType, body);
      // The definition's own types read the request and write the answer; TypeScript cannot follow that through the index.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const response = await call(request as never, context);
      return method.responseType.toJSON(
        method.responseType.fromPartial(response),
      );
    };
    return {
      path,
      handle: (body, context) =>
        inServerSpan({ path, metadata: context.metadata, observe }, () =>
          answer(body, context),
        ),
    };
  });
}

/** What an HTTP server answers for anything thrown. */
export function connectErrorOf(thrown: unknown): {
  status: number;
  body: { code: string; message: string };
} {
  const error = AnnexError.from(thrown);
  const { code, http } = connectStatusOf(error.code);
  return { status: http, body: { code, message: error.message } };
}

/** Where a service is and who calls it. */
export interface ConnectHttpOptions {
  /** E.g. http://127.0.0.1:7701 */
  baseUrl: string;
  /** Sent as `authorization: Bearer`. */
  token?: string;
  /** Further headers, e.g. traceparent. */
  headers?: Record<string, string>;
  fetch?: typeof fetch;
}

/** A service over HTTP as an object of async functions, which throw AnnexError. */
export function connectHttp<Service extends ServiceDefinition>(
  definition: Service,
  options: ConnectHttpOptions,
): UnaryClient<Service> {
  const methods = Object.entries(definition.methods).map(([key, method]) => {
    const url = new URL(pathOf(definition, method.name), options.baseUrl);
    const call = async (request: object, { signal }: CallOptions = {}) => {
      const message = method.requestType.fromPartial(request);
      const body = JSON.stringify(method.requestType.toJSON(message));
      const answer = await postJson(url, body, { ...options, signal });
      return messageOf(method.responseType, answer);
    };
    return [key, call];
  });
  // Built from the definition's own methods, so it has exactly the client's keys and signatures.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(methods) as UnaryClient<Service>;
}

interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** Asks for what no service has a method for, with the errors of one. */
export async function postJson(
  url: URL,
  body: string,
  options: ConnectHttpOptions & CallOptions,
): Promise<unknown> {
  const send = options.fetch ?? fetch;
  let response: Response;
  let text: string;
  try {
    response = await send(url, {
      method: "POST",
      headers: headersOf(options),
      body,
      signal: options.signal ?? null,
    });
    text = await response.text();
  } catch (thrown) {
    throw unreachable(thrown, options);
  }
  if (!response.ok) throw errorOf(response, text, url);
  return jsonOf(text, url);
}

function headersOf(options: ConnectHttpOptions): Record<string, string> {
  return {
    ...options.headers,
    "content-type": "application/json",
    "connect-protocol-version": "1",
    ...(options.token === undefined
      ? {}
      : { authorization: `Bearer ${options.token}` }),
  };
}

function unreachable(
  thrown: unknown,
  { baseUrl, signal }: ConnectHttpOptions & CallOptions,
): AnnexError {
  const options = { cause: thrown };
  if (signal?.aborted) {
    return new AnnexError("cancelled", "the call was given up", options);
  }
  return new AnnexError(
    "unavailable",
    `no control plane answers at ${baseUrl}; start one with "npm start" or "annex controlplane", or set ANNEX_URL to where it is`,
    options,
  );
}

function errorOf(response: Response, text: string, url: URL): AnnexError {
  const body = tryJson(text);
  if (hasStrings(body, "code", "message")) {
    return new AnnexError(codeOfConnectStatus(body.code), body.message);
  }
  // Not one of ours answered: a proxy, or something else on that port.
  const code = response.status >= 502 ? "unavailable" : "internal";
  return new AnnexError(
    code,
    `${url.href} answered HTTP ${response.status} without a reason; is ${url.origin} an Annex control plane?`,
  );
}

function jsonOf(text: string, url: URL): unknown {
  const body = tryJson(text);
  if (body !== undefined) return body;
  throw new AnnexError(
    "internal",
    `${url.href} answered no JSON; is ${url.origin} an Annex control plane?`,
  );
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hasStrings<Name extends string>(
  value: unknown,
  ...names: Name[]
): value is Record<Name, string> {
  if (typeof value !== "object" || value === null) return false;
  const entries = new Map<string, unknown>(Object.entries(value));
  return names.every((name) => typeof entries.get(name) === "string");
}

function messageOf(type: MessageType<unknown>, json: unknown): unknown {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new AnnexError("invalid", "the body must be a JSON object");
  }
  try {
    return type.fromJSON(json);
  } catch (cause) {
    const detail = cause instanceof Error ? `: ${cause.message}` : "";
    throw new AnnexError("invalid", `the body does not fit${detail}`, {
      cause,
    });
  }
}

function pathOf(definition: ServiceDefinition, method: string): string {
  return `/${definition.fullName}/${method}`;
}
