/** The management API: every method of the control services as POST of JSON, by the Connect protocol. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { AnnexError } from "../../proto/errors.ts";
import { connectErrorOf, type UnaryRoute } from "../../proto/rpc/connect.ts";
import type { RpcContext, RpcLog } from "../../proto/rpc/service.ts";

/** A source of 20 MiB in base64, and some. */
export const maxBodyBytes = 32 * 1024 * 1024;

export interface ManagementOptions {
  routes: UnaryRoute[];
  /** Asked before a body is read: up to 32 MiB are kept for nobody unknown. Throws. */
  authenticate: (path: string, context: RpcContext) => Promise<unknown>;
  log: RpcLog;
}

/** Adds the API; anything unknown is answered in its shape. */
export async function addManagement(
  app: FastifyInstance,
  { routes, authenticate, log }: ManagementOptions,
): Promise<void> {
  app.setErrorHandler((thrown, request, reply) => {
    const error = translate(thrown);
    if (error.code === "internal")
      log.error({ err: thrown, path: request.url }, "call failed unexpectedly");
    return sendError(reply, error);
  });
  app.setNotFoundHandler(({ method, url }, reply) =>
    sendError(
      reply,
      new AnnexError("not_found", `nothing answers ${method} ${url}`),
    ),
  );
  for (const { path, handle } of routes) {
    const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
      await authenticate(path, contextOf(request, reply));
    };
    const options = { bodyLimit: maxBodyBytes, onRequest };
    app.post(path, options, (request, reply) =>
      handle(request.body, contextOf(request, reply)),
    );
  }
}

/** Answers in the Connect protocol's shape. */
export function sendError(reply: FastifyReply, thrown: unknown): FastifyReply {
  const { status, body } = connectErrorOf(thrown);
  return reply.code(status).send(body);
}

/** What fastify itself refuses is about the request. */
function translate(thrown: unknown): AnnexError {
  if (thrown instanceof AnnexError) return thrown;
  const status = statusOf(thrown);
  if (status === undefined || status >= 500) return AnnexError.from(thrown);
  const message = thrown instanceof Error ? thrown.message : "bad request";
  return new AnnexError(status === 413 ? "exhausted" : "invalid", message);
}

function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  if (!("statusCode" in thrown)) return undefined;
  return typeof thrown.statusCode === "number" ? thrown.statusCode : undefined;
}

/** What a method is told of its caller. */
export function contextOf(
  request: FastifyRequest,
  reply: FastifyReply,
): RpcContext {
  return { metadata: headersOf(request), signal: goneSignalOf(reply) };
}

function headersOf({ headers }: FastifyRequest): {
  get(name: string): string | undefined;
} {
  return {
    get(name) {
      const value = headers[name];
      return typeof value === "string" ? value : undefined;
    },
  };
}

/** Aborted when the caller is gone before it was answered. */
function goneSignalOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
