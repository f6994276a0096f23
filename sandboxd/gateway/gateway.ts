/** The HTTP face of invoke: webtask's /api/run, and what a load balancer and Prometheus ask for. */
import { randomUUID } from "node:crypto";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Tracer } from "@opentelemetry/api";
import { AnnexError } from "../../proto/errors.ts";
import { runCall, type RunDependencies } from "./run.ts";
import { errorAnswer, textAnswer, type HttpAnswer } from "./answer.ts";
import { resolveLimits, type GatewayLimits } from "./limits.ts";
import { sendAnswer } from "./send.ts";
import { pathOf } from "./target.ts";
import { openTrace } from "./trace.ts";
import { isTrialPath, runTrial } from "./trial.ts";

export interface GatewayOptions {
  /** Where to listen, e.g. 127.0.0.1 */
  address: string;
  /** 0 takes any free one. */
  port: number;
  /** What is not given here is as in limits.ts. */
  limits?: Partial<GatewayLimits>;
  dependencies: GatewayDependencies;
}

export interface GatewayDependencies extends RunDependencies {
  /** Answers GET /metrics. */
  metrics(request: IncomingMessage, response: ServerResponse): void;
  tracer: Tracer;
  log: GatewayLog;
}

/** Where what goes wrong unexpectedly is told; a pino logger will do. */
export interface GatewayLog {
  error(fields: object, message: string): void;
}

export interface Gateway {
  /** E.g. http://127.0.0.1:7702 */
  url: string;
  /** Takes no more, waits a bounded time for what is in flight, then cuts it off. May be called twice. */
  close(): Promise<void>;
}

/** Listens; throws `precondition` where address and port cannot be had. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const limits = resolveLimits(options.limits ?? {});
  const server = createServer({
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.connectionsCheckingIntervalMs,
    maxHeaderSize: limits.maxRequestHeaderBytes,
    // Of a body nobody takes just now: in chunks of a byte each, Node holds a hundred times as much.
    highWaterMark: 16 * 1024,
  });
  server.maxConnections = limits.maxConnections;
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    void serveRequest(request, response, {
      limits,
      dependencies: options.dependencies,
      isClosing: () => !server.listening,
    });
  };
  server.on("request", serve);
  // Node would ask for a body that is then refused: who is let in is asked for it in body.ts.
  server.on("checkContinue", serve);
  const url = await listen(server, options.address, options.port);
  // E.g. out of descriptors: those that are connected go on.
  server.on("error", (error) =>
    options.dependencies.log.error({ error }, "gateway cannot accept"),
  );
  let closed: Promise<void> | undefined;
  return {
    url,
    close: () => (closed ??= closeServer(server, limits.closeGraceMs)),
  };
}

interface GatewayContext {
  limits: GatewayLimits;
  dependencies: GatewayDependencies;
  isClosing: () => boolean;
}

async function serveRequest(
  request: IncomingMessage,
  response: ServerResponse,
  context: GatewayContext,
): Promise<void> {
  const { dependencies, limits, isClosing } = context;
  const send = (answer: HttpAnswer) =>
    sendAnswer({ request, response, answer, limits, isLast: isClosing() });
  try {
    switch (pathOf(request.url)) {
      case "/healthz":
        return await send(textAnswer(200, "ok"));
      case "/readyz":
        return await send(readinessAnswer(dependencies.isReady()));
      case "/metrics":
        return dependencies.metrics(request, response);
      default:
        return await serveCall(request, response, { ...context, send });
    }
  } catch (error) {
    dependencies.log.error({ error }, "gateway could not answer");
    response.destroy();
  }
}

/** Everything but the three fixed paths: traced, and answered whatever goes wrong. */
async function serveCall(
  request: IncomingMessage,
  response: ServerResponse,
  context: GatewayContext & { send: (answer: HttpAnswer) => Promise<void> },
): Promise<void> {
  const { dependencies, limits, send } = context;
  const trace = openTrace(dependencies.tracer, request.headers);
  const caller = new AbortController();
  response.once("close", () => caller.abort());
  let status = 0;
  try {
    const exchange = { request, response, trace, signal: caller.signal };
    const answering = isTrialPath(pathOf(request.url))
      ? runTrial(exchange, dependencies)
      : runCall(exchange, dependencies, limits);
    const answer = await answering.catch((thrown: unknown) =>
      unhandled(thrown, dependencies.log),
    );
    status = answer.status;
    // Where there was no invocation, an id is for whoever compares the answer with a log.
    const { invocationId = randomUUID() } = answer;
    const headers = [...answer.headers, ...trace.headers];
    headers.push(["x-annex-invocation-id", invocationId]);
    await send({ ...answer, headers });
  } finally {
    trace.end(status);
  }
}

function unhandled(thrown: unknown, log: GatewayLog): HttpAnswer {
  const invocationId = randomUUID();
  if (AnnexError.from(thrown).code === "internal")
    log.error({ error: thrown, invocationId }, "gateway call failed");
  return { ...errorAnswer(thrown), invocationId };
}

function readinessAnswer(isReady: boolean): HttpAnswer {
  return isReady ? textAnswer(200, "ready") : textAnswer(503, "not ready");
}

async function listen(
  server: Server,
  address: string,
  port: number,
): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (cause: Error) =>
      reject(
        new AnnexError(
          "precondition",
          `the gateway cannot listen on ${address} port ${port}; choose another port or end what uses it`,
          { cause },
        ),
      );
    server.once("error", refuse);
    server.listen(port, address, () => {
      server.off("error", refuse);
      resolve();
    });
  });
  const bound = server.address();
  if (bound === null || typeof bound === "string")
    throw new AnnexError("internal", "the gateway has no address");
  const name = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
  return `http://${name}:${bound.port}`;
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await ended;
  clearTimeout(cut);
}
