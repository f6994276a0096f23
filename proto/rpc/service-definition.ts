/** Turns a generated service definition into the one grpc-js takes. */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { GatherWriter } from "./gather-writer.ts";

interface Codec<Message> {
  encode(message: Message, writer: BinaryWriter): BinaryWriter;
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

/**
 * One entry per method, under its generated (lower camel case) name. Messages of which `isLarge` is true are encoded
 * without a copy of the payloads in them.
 */
export function grpcServiceOf(
  service: GenericService,
  isLarge: (message: unknown) => boolean = () => false,
): ServiceDefinition {
  const entries = Object.entries(service.methods).map(([key, method]) => [
    key,
    {
      path: `/${service.fullName}/${method.name}`,
      requestStream: method.requestStream,
      responseStream: method.responseStream,
      ...codecOf(method.requestType, "request", isLarge),
      ...codecOf(method.responseType, "response", isLarge),
    },
  ]);
  return Object.fromEntries(entries) as ServiceDefinition; // what fromEntries cannot say
}

function codecOf(
  type: unknown,
  side: "request" | "response",
  isLarge: (message: unknown) => boolean,
): object {
  const codec = type as Codec<unknown>; // every generated message type is one
  const serialize = serializerOf(codec);
  return {
    [`${side}Serialize`]: (message: unknown) =>
      isLarge(message) ? gather(codec, message) : serialize(message),
    [`${side}Deserialize`]: (bytes: Buffer) => codec.decode(bytes),
  };
}

/**
 * Encodes with one writer whose buffer has grown already: a fresh one for each message took three times as long. The
 * buffer is never longer than the longest message, which the carrier bounds.
 */
function serializerOf(codec: Codec<unknown>): (message: unknown) => Buffer {
  let kept: BinaryWriter | undefined;
  return (message) => {
    const writer = kept ?? new BinaryWriter();
    kept = undefined; // so that one that threw half-way is not used again
    const bytes = codec.encode(message, writer).finish();
    kept = writer;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

/** The bytes where grpc-js wants them, and nowhere else: it asks how many they are, and has them copied behind its prefix. */
function gather(codec: Codec<unknown>, message: unknown): Buffer {
  const writer = new GatherWriter();
  codec.encode(message, writer);
  const { pieces, byteLength } = writer.gathered();
  const bytes = {
    byteLength,
    copy(target: Uint8Array, start: number): number {
      let at = start;
      for (const piece of pieces) {
        target.set(piece, at);
        at += piece.length;
      }
      return at - start;
    },
  };
  return bytes as Buffer; // the part of one that grpc-js uses
}
