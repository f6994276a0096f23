/** The control plane's HTTP face: the management API, health, metrics, and the way through to a host for /api/run. */
import type { IncomingMessage, ServerResponse } from "node:http";
import fastify, { type FastifyInstance } from "fastify";
import { AnnexError } from "../../proto/errors.ts";
import type { RpcLog } from "../../proto/rpc/service.ts";
import type { UnaryRoute } from "../../proto/rpc/connect.ts";
import { addCheck, type CheckOptions } from "./check.ts";
import { addManagement, type ManagementOptions } from "./management.ts";
import { addRunProxy, type RunHosts, type RunLog } from "./run.ts";

/** How long a close waits for calls before it cuts them off. */
export const closeGraceMs = 5_000;

export interface HttpServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  routes: UnaryRoute[];
  /** Asked before a body is read; throws. */
  authenticate: ManagementOptions["authenticate"];
  check: CheckOptions["check"];
  hosts: RunHosts;
  /** Whether calls would be served now. */
  isReady: () => boolean;
  metrics: (request: IncomingMessage, response: ServerResponse) => void;
  log: RpcLog & RunLog;
}

export interface HttpServer {
  port: number;
  /** Stops accepting; what is under way may finish for a while. */
  close(): Promise<void>;
}

/** Starts the server. */
export async function startHttpServer(
  options: HttpServerOptions,
): Promise<HttpServer> {
  const app = fastify({ forceCloseConnections: "idle", logger: false });
  await app.register(addManagement, options);
  await app.register(addCheck, options);
  await app.register(addRunProxy, { hosts: options.hosts, log: options.log });
  addProbes(app, options);
  await listen(app, options.host, options.port);
  let closed: Promise<void> | undefined;
  const shutDown = async () => {
    const force = setTimeout(
      () => app.server.closeAllConnections(),
      closeGraceMs,
    );
    await app.close().finally(() => clearTimeout(force));
  };
  return {
    port: portOf(app),
    close: () => (closed ??= shutDown()),
  };
}

function addProbes(
  app: FastifyInstance,
  { isReady, metrics }: HttpServerOptions,
): void {
  app.get("/healthz", () => ({ status: "ok" }));
  app.get("/readyz", (_request, reply) => {
    const ready = isReady();
    return reply
      .code(ready ? 200 : 503)
      .send({ status: ready ? "ready" : "closing" });
  });
  app.get("/metrics", (request, reply) => {
    reply.hijack();
    metrics(request.raw, reply.raw);
  });
}

function portOf({ server }: FastifyInstance): number {
  const address = server.address();
  if (address && typeof address === "object") return address.port;
  throw new Error("an HTTP server listens on a port");
}

async function listen(
  app: FastifyInstance,
  host: string,
  port: number,
): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw new AnnexError(
      "precondition",
      `HTTP cannot listen on ${host} port ${port}; choose another port or end what uses it`,
      { cause },
    );
  }
}
