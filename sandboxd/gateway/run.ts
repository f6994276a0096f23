/** One call over HTTP: who calls, whether it may, what is sent, what came of it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AnnexError, type LimitHit } from "../../proto/errors.ts";
import type {
  InvokeRequest,
  InvokeResponse,
} from "../../proto/gen/annex/invoke/v1/invoke.ts";
import { mayManage, mayRun, type TokenVerifier } from "../../proto/token.ts";
import { failureAnswer, responseAnswer, type HttpAnswer } from "./answer.ts";
import { readBody } from "./body.ts";
import { authenticate, type Authenticated } from "./credentials.ts";
import { headersOf, toGuest } from "./headers.ts";
import type { GatewayLimits } from "./limits.ts";
import { runTargetOf, type RunTarget } from "./target.ts";
import type { RequestTrace } from "./trace.ts";
import type { Trial } from "./trial.ts";

export interface RunDependencies {
  verifier: TokenVerifier;
  /** Whether this host can serve, and knows the keys of tokens. */
  isReady(): boolean;
  /** The runtimes this host holds. */
  runtimes: readonly string[];
  /** Rejects where the call could not be handled. */
  invoke(
    request: InvokeRequest,
    caller: GatewayCaller,
  ): Promise<InvokeResponse>;
}

/** Who calls, as far as `invoke` needs to know. */
export interface GatewayCaller {
  /** May see the guest's stack. */
  mayManage: boolean;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
  /** The code to run, where it came with the request; then the request names no target. */
  source?: Uint8Array;
  /** What to run in place of the target's version, with its secrets and meta. */
  trial?: Trial;
}

/** A request under way. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  trace: RequestTrace;
  signal: AbortSignal;
}

/** Throws AnnexError where the call could not be handled. */
export async function runCall(
  exchange: Exchange,
  dependencies: RunDependencies,
  limits: GatewayLimits,
): Promise<HttpAnswer> {
  const target = runTargetOf(exchange.request.url);
  const { container, extension } = target;
  if (!dependencies.isReady())
    throw new AnnexError("unavailable", "this host is not ready yet");
  const authenticated = await authenticate(dependencies.verifier, {
    headers: headersOf(exchange.request),
    query: target.query,
  });
  if (!mayRun(authenticated.claims, container, extension))
    throw new AnnexError("denied", deniedMessage(target));
  if (extension === undefined) refuseCodeByUrl(target.query);

  const limit =
    extension === undefined
      ? { name: "source_bytes", value: limits.maxSourceBytes }
      : { name: "payload_bytes", value: limits.maxPayloadBytes };
  const body = await readBody(exchange.request, exchange.response, limit);
  if (!Buffer.isBuffer(body)) return tooLarge(body);
  const response = await dependencies.invoke(
    invokeRequestOf(exchange, target, authenticated, body),
    {
      mayManage: mayManage(authenticated.claims, container),
      signal: exchange.signal,
      ...(extension === undefined && { source: body }),
    },
  );
  return responseAnswer(response, limits.maxAnswerHeaderBytes);
}

function invokeRequestOf(
  { request, trace }: Exchange,
  { container, extension, path }: RunTarget,
  { headers, query }: Authenticated,
  body: Buffer,
): InvokeRequest {
  const isInline = extension === undefined;
  const contentType = request.headers["content-type"];
  return {
    container,
    target: isInline ? undefined : { $case: "extension", value: extension },
    payload: isInline ? Buffer.alloc(0) : body,
    contentType: (isInline ? "" : contentType) ?? "application/octet-stream",
    timeoutMs: 0,
    traceparent: trace.traceparent,
    tracestate: trace.tracestate,
    token: "",
    caller: "gateway",
    cpuMs: 0,
    syncMs: 0,
    http: {
      method: request.method ?? "GET",
      path,
      query,
      headers: toGuest(headers, isInline ? undefined : body.length),
    },
  };
}

function refuseCodeByUrl(query: string): void {
  if (new URLSearchParams(query).has("webtask_url"))
    throw new AnnexError(
      "invalid",
      "webtask_url is not supported: send the code as the request's body",
    );
}

function tooLarge(limit: LimitHit): HttpAnswer {
  return failureAnswer(
    {
      reason: "payload_size",
      message: `${limit.name} is ${limit.observed} or more; at most ${limit.value} are let in`,
      limit,
    },
    false,
  );
}

function deniedMessage({ container, extension }: RunTarget): string {
  return extension === undefined
    ? `the token may not run code in container ${JSON.stringify(container)}`
    : `the token may not run ${JSON.stringify(extension)} in container ${JSON.stringify(container)}`;
}
