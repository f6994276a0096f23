/** A gateway on a free port before a fake invoke, with real tokens, and an HTTP client that shows what was on the wire. */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { propagation } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { onTestFinished } from "vitest";
import { failureReasons, type CallFailure } from "../../../../proto/errors.ts";
import {
  InvokeResponse,
  type InvokeRequest,
  type Result,
} from "../../../../proto/gen/annex/invoke/v1/invoke.ts";
import {
  reasonNumberOf,
  sourceNumberOf,
} from "../../../../proto/rpc/failure-names.ts";
import {
  createTokenVerifier,
  generateSigningKey,
  signToken,
  type NewClaims,
} from "../../../../proto/token.ts";
import { startGateway } from "../../../../sandboxd/gateway/gateway.ts";
import type { GatewayLimits } from "../../../../sandboxd/gateway/limits.ts";
import type { GatewayCaller } from "../../../../sandboxd/gateway/run.ts";

export type FakeInvoke = (
  request: InvokeRequest,
  caller: GatewayCaller,
) => Promise<InvokeResponse>;

export interface HarnessOptions {
  invoke?: FakeInvoke;
  limits?: Partial<GatewayLimits>;
  isReady?: () => boolean;
}

/** Starts a gateway that ends with the test. */
export async function startHarness(options: HarnessOptions = {}) {
  const key = await generateSigningKey("k1");
  const keySet = { keys: [key.publicKey] };
  const calls: { request: InvokeRequest; caller: GatewayCaller }[] = [];
  const logged: { fields: object; message: string }[] = [];
  const invoke = options.invoke ?? (() => Promise.resolve(resultOf({})));
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const gateway = await startGateway({
    address: "127.0.0.1",
    port: 0,
    limits: { closeGraceMs: 100, ...options.limits },
    dependencies: {
      verifier: createTokenVerifier({
        jwks: () => keySet,
        isRevoked: () => false,
        now: Date.now,
      }),
      isReady: options.isReady ?? (() => true),
      runtimes: ["2026.1"],
      invoke: (request, caller) => {
        calls.push({ request, caller });
        return invoke(request, caller);
      },
      metrics: (_, response) => response.end("annex_up 1\n"),
      tracer: new TracerProvider().getTracer("test"),
      log: { error: (fields, message) => logged.push({ fields, message }) },
    },
  });
  onTestFinished(() => gateway.close());

  const sign = (
    claims: NewClaims = { kind: "container", jti: "t", containers: ["acme"] },
  ) => signToken(claims, key, Date.now);
  const token = await sign();
  return {
    gateway,
    calls,
    logged,
    sign,
    token,
    url: gateway.url,
    port: Number(new URL(gateway.url).port),
    /** Sends a request, with a good token unless it brings headers of its own. */
    send: (path: string, init: RequestInit = {}) =>
      send(gateway.url, path, {
        headers: { authorization: `Bearer ${token}` },
        ...init,
      }),
  };
}

export interface RequestInit {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: Uint8Array | string;
}

export interface Received {
  status: number;
  headers: IncomingMessage["headers"];
  rawHeaders: string[];
  body: Buffer;
  json: () => unknown;
}

/** One request on a connection of its own. */
export async function send(
  url: string,
  path: string,
  { method = "POST", headers = {}, body }: RequestInit,
): Promise<Received> {
  const { hostname, port } = new URL(url);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest({
      hostname,
      port,
      path,
      method,
      headers,
      agent: false,
    });
    request.once("response", resolve).once("error", reject).end(body);
  });
  const chunks: Buffer[] = await response.toArray();
  const received = Buffer.concat(chunks);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    rawHeaders: response.rawHeaders,
    body: received,
    json: (): unknown => JSON.parse(received.toString()),
  };
}

/** A connection without an HTTP client, ended with the test. */
export function openSocket(port: number): RawSocket {
  const socket = connect({ port, host: "127.0.0.1" });
  let received = "";
  socket.on("data", (chunk: Buffer) => (received += chunk.toString("latin1")));
  socket.on("error", () => socket.destroy());
  onTestFinished(() => void socket.destroy());
  const gone = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  return Object.assign(socket, { gone, received: () => received });
}

interface RawSocket extends Socket {
  gone: Promise<void>;
  received: () => string;
}

/** An answer of code that ran. */
export function resultOf(result: Partial<Result>): InvokeResponse {
  return InvokeResponse.fromPartial({
    invocationId: "inv-1",
    version: 3,
    outcome: { $case: "result", value: result },
  });
}

/** A failure as `invoke` gives it. */
export function failureOf(
  failure: CallFailure,
  runUs?: number,
): InvokeResponse {
  const row = failureReasons[failure.reason];
  return InvokeResponse.fromPartial({
    invocationId: "inv-2",
    ...(runUs !== undefined && { timings: { runUs } }),
    outcome: {
      $case: "failure",
      value: {
        ...failure,
        source: sourceNumberOf(row.source),
        reason: reasonNumberOf(failure.reason),
        retryable: row.retryable,
        limit: failure.limit && {
          name: failure.limit.name,
          value: BigInt(failure.limit.value),
          observed: BigInt(failure.limit.observed),
        },
      },
    },
  });
}
