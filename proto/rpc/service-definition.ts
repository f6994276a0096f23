/** Turns a generated service definition into the one grpc-js takes. */
import type { ServiceDefinition } from "@grpc/grpc-js";

interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

interface GenericMethod {
  readonly name: string;
  readonly requestType: unknown;
  readonly requestStream: boolean;
  readonly responseType: unknown;
  readonly responseStream: boolean;
}

interface GenericService {
  readonly fullName: string;
  readonly methods: Record<string, GenericMethod>;
}

/** One entry per method, under its generated (lower camel case) name. */
export function grpcServiceOf(service: GenericService): ServiceDefinition {
  const entries = Object.entries(service.methods).map(([key, method]) => [
    key,
    {
      path: `/${service.fullName}/${method.name}`,
      requestStream: method.requestStream,
      responseStream: method.responseStream,
      ...codecOf(method.requestType, "request"),
      ...codecOf(method.responseType, "response"),
    },
  ]);
  return Object.fromEntries(entries) as ServiceDefinition; // what fromEntries cannot say
}

function codecOf(type: unknown, side: "request" | "response"): object {
  const codec = type as Codec<unknown>; // every generated message type is one
  return {
    [`${side}Serialize`]: (message: unknown) =>
      asBuffer(codec.encode(message).finish()),
    [`${side}Deserialize`]: (bytes: Buffer) => codec.decode(bytes),
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
