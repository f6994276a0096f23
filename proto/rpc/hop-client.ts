/** The hop's client side: one connection to the socket, the long stream on it, and unary calls. Raw grpc-js, as hop-server. */
import {
  Client,
  credentials,
  type ClientDuplexStream,
  type Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { AnnexError } from "../errors.ts";
import {
  InvokeServiceDefinition,
  type InvokeStreamRequest,
  type InvokeStreamResponse,
} from "../gen/annex/invoke/v1/invoke.ts";
import type { MessageReceiver, MessageStream } from "./carrier.ts";
import { grpcServiceOf } from "./service-definition.ts";
import { codeOfGrpcStatus } from "./status.ts";

const maxMessageBytes = 16 * 1024 * 1024;
const flowControlWindowBytes = 1024 * 1024;

export interface HopConnection {
  /** Opens an InvokeStream. */
  openStream(
    receiver: MessageReceiver<InvokeStreamResponse>,
  ): MessageStream<InvokeStreamRequest>;
  close(): void;
}

/** A connection of its own to the socket; it dials when the first stream opens. */
export function connectHop(socketPath: string): HopConnection {
  const client = new Client(
    `unix:${socketPath}`,
    credentials.createInsecure(),
    {
      "grpc.max_receive_message_length": maxMessageBytes,
      "grpc.max_send_message_length": maxMessageBytes,
      "grpc-node.flow_control_window": flowControlWindowBytes,
      // Else two connections to one socket would share a session, and a large answer hold up small ones.
      "grpc.use_local_subchannel_pool": 1,
      // Reconnecting is the client's own decision, with its own backoff.
      "grpc.initial_reconnect_backoff_ms": 50,
      "grpc.max_reconnect_backoff_ms": 200,
    },
  );
  const { invokeStream } = grpcServiceOf(InvokeServiceDefinition);
  if (!invokeStream) throw new Error("the generated service lost InvokeStream");
  return {
    openStream(receiver) {
      const call = client.makeBidiStreamRequest<
        InvokeStreamRequest,
        InvokeStreamResponse
      >(
        invokeStream.path,
        invokeStream.requestSerialize,
        invokeStream.responseDeserialize,
      );
      return attach(call, receiver);
    },
    close: () => client.close(),
  };
}

function attach(
  call: ClientDuplexStream<InvokeStreamRequest, InvokeStreamResponse>,
  receiver: MessageReceiver<InvokeStreamResponse>,
): MessageStream<InvokeStreamRequest> {
  let isOver = false;
  const over = (error?: unknown): void => {
    if (isOver) return;
    isOver = true;
    receiver.closed(error === undefined ? undefined : errorOf(error));
  };
  call.on("data", (message: InvokeStreamResponse) => receiver.message(message));
  call.on("end", () => receiver.ended());
  call.on("drain", () => receiver.drained());
  call.on("error", over);
  call.on(
    "status",
    (status: { code: number; details: string; metadata: Metadata }) =>
      over(status.code === 0 ? undefined : status),
  );
  return {
    send: (message) => !isOver && call.write(message),
    pause: () => call.pause(),
    resume: () => call.resume(),
    end: (error) => (error === undefined ? call.end() : call.cancel()),
  };
}

function errorOf(thrown: unknown): AnnexError {
  const { code, details } = thrown as Partial<ServiceError>; // grpc-js gives nothing else
  return new AnnexError(
    codeOfGrpcStatus(code ?? -1),
    details ?? "the stream broke",
    {
      cause: thrown,
    },
  );
}
