/** A gRPC server: every error leaves by our table, every unary call has its span, and a close is polite but bounded. */
import { createServer, ServerError } from "nice-grpc";
import type {
  CallContext,
  CompatServiceDefinition,
  Server,
  ServerMiddlewareCall,
  ServiceImplementation,
} from "nice-grpc";
import {
  ServerReflection,
  ServerReflectionService,
} from "nice-grpc-server-reflection";
import { AnnexError } from "../errors.ts";
import { channelLimits } from "./limits.ts";
import type { RpcLog } from "./service.ts";
import { grpcStatusOf } from "./status.ts";
import { inServerSpan, type CallObserver } from "./trace.ts";

/** How long a close waits for short calls before it cuts them off. */
export const closeGraceMs = 5_000;

/** A service with what implements it, ready to be added to a server. */
export type ServedService = (server: Server) => void;

/** Pairs a service's definition with its implementation. */
export function served<Service extends CompatServiceDefinition>(
  definition: Service,
  implementation: ServiceImplementation<Service>,
): ServedService {
  return (server) => server.add(definition, implementation);
}

export interface RpcServerOptions {
  /** host:port; port 0 takes a free one. */
  address: string;
  services: ServedService[];
  log: RpcLog;
  observe?: CallObserver;
  /** The image of `buf build` for reflection, and the full names of the services it shows. */
  reflection?: { image: Uint8Array; services: string[] };
}

export interface RpcServer {
  /** host:port as it was bound. */
  address: string;
  port: number;
  /** Stops accepting, ends streams with UNAVAILABLE, lets short calls finish for a while. */
  close(): Promise<void>;
}

/** Starts a server without TLS. */
export async function startRpcServer(
  options: RpcServerOptions,
): Promise<RpcServer> {
  const closing = new AbortController();
  const server = createServer(channelLimits).use(edge(options, closing.signal));
  for (const addTo of options.services) addTo(server);
  if (options.reflection) {
    const { image, services } = options.reflection;
    server.add(ServerReflectionService, ServerReflection(image, services));
  }
  const port = await listen(server, options.address);
  const host = options.address.slice(0, options.address.lastIndexOf(":"));
  let closed: Promise<void> | undefined;
  const shutDown = async () => {
    closing.abort();
    const force = setTimeout(() => server.forceShutdown(), closeGraceMs);
    await server.shutdown().finally(() => clearTimeout(force));
  };
  return {
    address: `${host}:${port}`,
    port,
    close: () => (closed ??= shutDown()),
  };
}

async function listen(server: Server, address: string): Promise<number> {
  try {
    return await server.listen(address);
  } catch (cause) {
    throw new AnnexError(
      "precondition",
      `gRPC cannot listen on ${address}; choose another port or end what uses it`,
      { cause },
    );
  }
}

/** The middleware every call passes: the last place where an error of ours is seen whole. */
function edge({ log, observe }: RpcServerOptions, closing: AbortSignal) {
  return async function* <Request, Response>(
    call: ServerMiddlewareCall<Request, Response>,
    context: CallContext,
  ) {
    const { path } = call.method;
    try {
      if (!call.responseStream) {
        const { metadata } = context;
        return await inServerSpan({ path, metadata, observe }, () =>
          answerOf(call.next(call.request, context)),
        );
      }
      // A stream lasts as long as both sides live: it ends by our close too, not only by the caller's.
      const signal = AbortSignal.any([context.signal, closing]);
      return yield* call.next(call.request, { ...context, signal });
    } catch (thrown) {
      throw serverErrorOf(thrown, { path, log, closing, context });
    }
  };
}

async function answerOf<Response>(
  call: AsyncGenerator<never, Response, undefined>,
): Promise<Response> {
  const { value } = await call.next();
  return value;
}

function serverErrorOf(
  thrown: unknown,
  call: {
    path: string;
    log: RpcLog;
    closing: AbortSignal;
    context: CallContext;
  },
): Error {
  if (thrown instanceof ServerError) return thrown;
  const error = translate(thrown, call);
  if (error.code === "internal")
    call.log.error(
      { err: thrown, path: call.path },
      "call failed unexpectedly",
    );
  return new ServerError(grpcStatusOf(error.code), error.message);
}

function translate(
  thrown: unknown,
  { closing, context }: { closing: AbortSignal; context: CallContext },
): AnnexError {
  if (thrown instanceof AnnexError) return thrown;
  if (context.signal.aborted)
    return new AnnexError("cancelled", "the caller gave up");
  if (closing.aborted)
    return new AnnexError("unavailable", "the server is closing");
  return AnnexError.from(thrown);
}
