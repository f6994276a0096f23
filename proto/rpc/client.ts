/** A typed gRPC client whose errors are AnnexErrors and whose connection notices when the other side is gone. */
import {
  ClientError,
  createChannel,
  createClientFactory,
  Metadata,
  type CallOptions,
  type Client,
  type ClientMiddlewareCall,
  type CompatServiceDefinition,
} from "nice-grpc";
import { AnnexError } from "../errors.ts";
import { channelLimits } from "./limits.ts";
import { codeOfGrpcStatus } from "./status.ts";
import { traceHeaders } from "./trace.ts";

export interface ConnectRpcOptions {
  /** host:port, or http://host:port; with https:// by TLS. */
  address: string;
  /** Sent with every call as `authorization: Bearer`. */
  token?: string;
}

/** A service at the other end of a connection. */
export interface RpcConnection<Service extends CompatServiceDefinition> {
  client: Client<Service>;
  /** Ends every call and the connection. */
  close: () => void;
}

/** Opens a connection, lazily: the first call makes it. A half-open one fails its calls with `unavailable` within 15 s. */
export function connectRpc<Service extends CompatServiceDefinition>(
  definition: Service,
  { address, token }: ConnectRpcOptions,
): RpcConnection<Service> {
  const channel = createChannel(address, undefined, {
    ...channelLimits,
    // Who reconnects decides how often; the channel must not add a minute of its own.
    "grpc.initial_reconnect_backoff_ms": 200,
    "grpc.max_reconnect_backoff_ms": 2_000,
    // Two connections of one process are two: each lives and dies by itself.
    "grpc.use_local_subchannel_pool": 1,
  });
  const client = createClientFactory()
    .use(edge(token))
    .create(definition, channel);
  return { client, close: () => channel.close() };
}

function edge(token: string | undefined) {
  return async function* <Request, Response>(
    call: ClientMiddlewareCall<Request, Response>,
    options: CallOptions,
  ) {
    const metadata = Metadata(options.metadata);
    for (const [name, value] of Object.entries(traceHeaders()))
      metadata.set(name, value);
    if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
    try {
      return yield* call.next(call.request, { ...options, metadata });
    } catch (thrown) {
      throw thrown instanceof ClientError ? annexErrorOf(thrown) : thrown;
    }
  };
}

function annexErrorOf(error: ClientError): AnnexError {
  return new AnnexError(codeOfGrpcStatus(error.code), error.details, {
    cause: error,
  });
}
