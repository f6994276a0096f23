/** The service of the bare grpc-js peer: bytes, both ways. */
import type { MethodDefinition } from "@grpc/grpc-js";

const bytes = {
  requestSerialize: (message: Buffer) => message,
  requestDeserialize: (message: Buffer) => message,
  responseSerialize: (message: Buffer) => message,
  responseDeserialize: (message: Buffer) => message,
};

function method(
  path: string,
  isStream: boolean,
): MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream: isStream,
    responseStream: isStream,
    ...bytes,
  };
}

/** Its two methods. */
export const echoService = {
  stream: method("/bench.Echo/Stream", true),
  unary: method("/bench.Echo/Unary", false),
};
