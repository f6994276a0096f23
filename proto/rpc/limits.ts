/** The limits both ends of a control connection agree on. */
import type { ChannelOptions } from "@grpc/grpc-js";

/** The largest gRPC message, both ways. */
export const maxMessageBytes = 8 * 1024 * 1024;
/** How long a connection may be silent before it is asked whether it lives. */
export const keepaliveMs = 10_000;
/** How long it may take to answer; a half-open connection is known as such after both. */
export const keepaliveTimeoutMs = 5_000;

/** What grpc-js calls these limits. */
export const channelLimits: ChannelOptions = {
  "grpc.max_receive_message_length": maxMessageBytes,
  "grpc.max_send_message_length": maxMessageBytes,
  "grpc.keepalive_time_ms": keepaliveMs,
  "grpc.keepalive_timeout_ms": keepaliveTimeoutMs,
  "grpc.keepalive_permit_without_calls": 1,
};
