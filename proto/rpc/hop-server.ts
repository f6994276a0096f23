/**
 * The hop's server: annex.invoke.v1.InvokeService on a unix socket, on raw grpc-js, because nice-grpc costs the hop 1.15 to
 * 1.4 times the time. Nothing behind the handlers knows grpc-js.
 */
import { chmod } from "node:fs/promises";
import {
  Metadata,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
} from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import {
  InvokeServiceDefinition,
  type DiscoverRequest,
  type DiscoverResponse,
  type InvokeRequest,
  type InvokeResponse,
  type InvokeStreamRequest,
  type InvokeStreamResponse,
} from "../gen/annex/invoke/v1/invoke.ts";
import type {
  CallContext,
  MessageReceiver,
  MessageStream,
  StreamContext,
} from "./carrier.ts";
import { addReflection } from "./reflection.ts";
import { grpcServiceOf } from "./service-definition.ts";
import { statusObjectOf } from "./status.ts";

const maxMessageBytes = 8 * 1024 * 1024;
/** Answers beyond it are rare, and worth a way of their own. */
const largePayloadBytes = 256 * 1024;
/** Lets a 6 MiB answer cross without a round trip for every 64 KiB of HTTP/2's default window. */
const flowControlWindowBytes = 1024 * 1024;
/** Calls and streams of one connection; HTTP/2 has its caller keep the others until these are over. */
const maxOpenPerConnection = 1024;

/** What answers on the socket. */
export interface HopHandlers {
  invoke(request: InvokeRequest, context: CallContext): Promise<InvokeResponse>;
  discover(
    request: DiscoverRequest,
    context: CallContext,
  ): Promise<DiscoverResponse>;
  openStream(
    stream: MessageStream<InvokeStreamResponse>,
    context: StreamContext,
  ): MessageReceiver<InvokeStreamRequest>;
}

export interface HopServer {
  setServing(isServing: boolean): void;
  /** Refuses new calls, waits for open ones up to `graceMs`, then ends them. May be called twice. */
  close(graceMs: number): Promise<void>;
}

export interface HopServerOptions {
  socketPath: string;
  /** Of the socket file, e.g. 0o660. */
  socketMode: number;
  /** An image of `buf build` with the services reflection shall show. */
  image: Uint8Array;
  handlers: HopHandlers;
}

/** Listens; throws where the socket cannot be bound. */
export async function startHopServer(
  options: HopServerOptions,
): Promise<HopServer> {
  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
    "grpc-node.flow_control_window": flowControlWindowBytes,
    "grpc.max_concurrent_streams": maxOpenPerConnection,
  });
  const { handlers, socketPath } = options;
  server.addService(grpcServiceOf(InvokeServiceDefinition, isLarge), {
    invoke: unary((request: InvokeRequest, context) =>
      handlers.invoke(request, context),
    ),
    discover: unary((request: DiscoverRequest, context) =>
      handlers.discover(request, context),
    ),
    invokeStream: duplex(handlers),
  });
  const health = new HealthImplementation();
  health.addToServer(server);
  addReflection(server, options.image, [
    InvokeServiceDefinition.fullName,
    "grpc.health.v1.Health",
  ]);
  await bind(server, socketPath);
  await chmod(socketPath, options.socketMode);
  let closing: Promise<void> | undefined;
  return {
    setServing(isServing) {
      const status = isServing ? "SERVING" : "NOT_SERVING";
      health.setStatus("", status);
      health.setStatus(InvokeServiceDefinition.fullName, status);
    },
    close: (graceMs) => (closing ??= shutDown(server, graceMs)),
  };
}

/** Of the answers to Invoke and on an InvokeStream. */
function isLarge(message: unknown): boolean {
  const { message: onStream, outcome } = message as Partial<
    InvokeStreamResponse & InvokeResponse
  >; // or one of Discover, which has neither
  const answer =
    onStream?.$case === "response" ? onStream.value.outcome : outcome;
  return (
    answer?.$case === "result" &&
    answer.value.payload.length >= largePayloadBytes
  );
}

async function bind(server: Server, socketPath: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(
      `unix:${socketPath}`,
      ServerCredentials.createInsecure(),
      (error) => (error ? reject(error) : resolve()),
    );
  });
}

async function shutDown(server: Server, graceMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const forced = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(forced);
      resolve();
    });
  });
}

function unary<Request, Response>(
  handle: (request: Request, context: CallContext) => Promise<Response>,
) {
  return (
    call: ServerUnaryCall<Request, Response>,
    done: sendUnaryData<Response>,
  ): void => {
    const caller = new AbortController();
    call.on("cancelled", () => caller.abort());
    handle(call.request, unaryContextOf(call, caller.signal)).then(
      (response) => done(null, response),
      (error: unknown) => done(statusObjectOf(error)),
    );
  };
}

function unaryContextOf(
  call: ServerUnaryCall<unknown, unknown>,
  signal: AbortSignal,
): CallContext {
  const deadline = Number(call.getDeadline()); // a Date or milliseconds; infinite without one
  return {
    signal,
    remainingMs: Number.isFinite(deadline) ? deadline - Date.now() : undefined,
    ...traceContextOf(call.metadata),
  };
}

function duplex(handlers: HopHandlers) {
  return (
    call: ServerDuplexStream<InvokeStreamRequest, InvokeStreamResponse>,
  ): void => {
    let isOver = false;
    const receiver = handlers.openStream(
      {
        send: (message) => !isOver && call.write(message),
        pause: () => call.pause(),
        resume: () => call.resume(),
        end: (error) =>
          error === undefined
            ? call.end()
            : call.emit("error", statusObjectOf(error)),
      },
      traceContextOf(call.metadata),
    );
    const over = (error?: unknown): void => {
      if (isOver) return;
      isOver = true;
      receiver.closed(error);
    };
    call.on("data", (message: InvokeStreamRequest) => {
      if (!isOver) receiver.message(message);
    });
    call.on("end", () => receiver.ended());
    call.on("drain", () => receiver.drained());
    call.on("cancelled", () => over());
    call.on("error", over);
    call.on("close", () => over());
  };
}

function traceContextOf(metadata: Metadata): StreamContext {
  return {
    traceparent: firstOf(metadata, "traceparent"),
    tracestate: firstOf(metadata, "tracestate"),
  };
}

function firstOf(metadata: Metadata, name: string): string {
  const [value] = metadata.get(name);
  return typeof value === "string" ? value : "";
}
