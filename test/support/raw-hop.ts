/** InvokeService as any gRPC client sees it: nothing of our own client library between a test and the wire. */
import {
  Client,
  credentials,
  type CallOptions,
  type ClientDuplexStream,
  type ServiceError,
} from "@grpc/grpc-js";
import {
  InvokeServiceDefinition,
  type DiscoverResponse,
  type InvokeRequest,
  type InvokeResponse,
  type InvokeStreamRequest,
  type InvokeStreamResponse,
} from "../../proto/gen/annex/invoke/v1/invoke.ts";
import { grpcServiceOf } from "../../proto/rpc/service-definition.ts";

const maxMessageBytes = 64 * 1024 * 1024;

/** What is not given is as the wire has it. */
export type RawRequest = Partial<InvokeRequest>;

/** How a unary call ended: an answer, or a gRPC status. */
export type Unary<Response> =
  { response: Response } | { code: number; details: string };

export interface RawHop extends Disposable {
  invoke(
    request: RawRequest,
    options?: CallOptions,
  ): Promise<Unary<InvokeResponse>>;
  discover(request: {
    container?: string;
    point?: string;
    token?: string;
  }): Promise<Unary<DiscoverResponse>>;
  /** A unary call of any method, in bytes. */
  bytes(path: string, message: Uint8Array): Promise<Unary<Buffer>>;
  /** Keeps what it receives, unless somebody takes it. */
  openStream(take?: (received: InvokeStreamResponse) => void): RawStream;
}

export interface RawStream {
  readonly received: readonly InvokeStreamResponse[];
  invoke(id: number | bigint, request: RawRequest): void;
  cancel(id: number | bigint): void;
  send(message: InvokeStreamRequest): void;
  /** The answers to an id so far. */
  answers(id: number | bigint): InvokeStreamResponse["message"][];
  /** The next answer to an id, past or to come. */
  answer(id: number | bigint): Promise<InvokeStreamResponse["message"]>;
  /** Resolves once what was received is as wanted; rejects if the stream ends before. */
  until(
    isEnough: (received: readonly InvokeStreamResponse[]) => boolean,
  ): Promise<void>;
  /** Says that no more calls come. */
  end(): void;
  /** Breaks the stream off. */
  abort(): void;
  /** Stops and resumes reading. */
  pause(): void;
  resume(): void;
  /** The stream's gRPC status once it is over. */
  readonly ended: Promise<{ code: number; details: string }>;
}

/** A connection of its own to the socket. */
export function openRawHop(socketPath: string): RawHop {
  const client = new Client(
    `unix:${socketPath}`,
    credentials.createInsecure(),
    {
      "grpc.max_receive_message_length": maxMessageBytes,
      "grpc.max_send_message_length": maxMessageBytes,
      "grpc.use_local_subchannel_pool": 1,
    },
  );
  const methods = grpcServiceOf(InvokeServiceDefinition);
  const unary =
    <Request, Response>(
      path: string,
      serialize: (request: Request) => Buffer,
      deserialize: (bytes: Buffer) => Response,
    ) =>
    (request: Request, options: CallOptions = {}) =>
      new Promise<Unary<Response>>((resolve) => {
        client.makeUnaryRequest(
          path,
          serialize,
          deserialize,
          request,
          options,
          (error, response) => resolve(settled(error, response)),
        );
      });
  const method = (name: string) => {
    const found = methods[name];
    if (!found) throw new Error(`the service has no ${name}`);
    return found;
  };
  const { invoke, discover, invokeStream } = {
    invoke: method("invoke"),
    discover: method("discover"),
    invokeStream: method("invokeStream"),
  };
  return {
    invoke: (request, options) =>
      unary<InvokeRequest, InvokeResponse>(
        invoke.path,
        invoke.requestSerialize,
        invoke.responseDeserialize,
      )(fullRequest(request), options),
    discover: (request) =>
      unary<object, DiscoverResponse>(
        discover.path,
        discover.requestSerialize,
        discover.responseDeserialize,
      )({ container: "", point: "", token: "", ...request }),
    bytes: (path, message) =>
      unary<Uint8Array, Buffer>(
        path,
        (bytes) => Buffer.from(bytes),
        (bytes) => bytes,
      )(message),
    openStream: (take) =>
      watch(
        client.makeBidiStreamRequest<InvokeStreamRequest, InvokeStreamResponse>(
          invokeStream.path,
          invokeStream.requestSerialize,
          invokeStream.responseDeserialize,
        ),
        take,
      ),
    [Symbol.dispose]: () => client.close(),
  };
}

function settled<Response>(
  error: ServiceError | null,
  response: Response | undefined,
): Unary<Response> {
  if (response !== undefined) return { response };
  return { code: error?.code ?? -1, details: error?.details ?? "" };
}

/** A request with the wire's defaults. */
export function fullRequest(request: RawRequest): InvokeRequest {
  return {
    container: "",
    target: undefined,
    payload: Buffer.alloc(0),
    contentType: "",
    timeoutMs: 0,
    traceparent: "",
    tracestate: "",
    token: "",
    caller: "",
    cpuMs: 0,
    syncMs: 0,
    http: undefined,
    ...request,
  };
}

/** An extension of a container, with a payload of JSON. */
export function callOf(
  container: string,
  extension: string,
  payload: unknown = {},
): RawRequest {
  return {
    container,
    target: { $case: "extension", value: extension },
    payload: Buffer.from(JSON.stringify(payload)),
  };
}

function watch(
  call: ClientDuplexStream<InvokeStreamRequest, InvokeStreamResponse>,
  take: ((received: InvokeStreamResponse) => void) | undefined,
): RawStream {
  const received: InvokeStreamResponse[] = [];
  const waiters = new Set<() => void>();
  const { promise: ended, resolve: end } = Promise.withResolvers<{
    code: number;
    details: string;
  }>();
  let status: { code: number; details: string } | undefined;
  call.on("data", (message: InvokeStreamResponse) => {
    if (take) take(message);
    else received.push(message);
    for (const look of waiters) look();
  });
  call.on("error", () => undefined); // the status says the same
  call.on("status", ({ code, details }: { code: number; details: string }) => {
    end((status = { code, details }));
    for (const look of waiters) look();
  });
  const send = (message: InvokeStreamRequest): void => void call.write(message);
  const answers = (id: number | bigint) =>
    received.filter((one) => one.id === BigInt(id)).map((one) => one.message);
  const until: RawStream["until"] = (isEnough) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (isEnough(received)) resolve();
        else if (status)
          reject(new Error(`the stream ended: ${JSON.stringify(status)}`));
        else return;
        waiters.delete(look);
      };
      waiters.add(look);
      look();
    });
  return {
    received,
    send,
    answers,
    until,
    invoke: (id, request) =>
      send({
        id: BigInt(id),
        message: { $case: "invoke", value: fullRequest(request) },
      }),
    cancel: (id) =>
      send({ id: BigInt(id), message: { $case: "cancel", value: {} } }),
    async answer(id) {
      await until(() => answers(id).length > 0);
      return answers(id)[0];
    },
    end: () => call.end(),
    abort: () => call.cancel(),
    pause: () => call.pause(),
    resume: () => call.resume(),
    ended,
  };
}
