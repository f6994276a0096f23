/**
 * The shape of a service with unary methods, as ts-proto's generic definitions give it, so that one implementation object
 * serves every wire: gRPC (server.ts) and Connect's JSON over HTTP (connect.ts).
 */

/** How one message becomes JSON and comes back. */
export interface MessageType<Message> {
  fromJSON(object: unknown): Message;
  toJSON(message: Message): unknown;
  fromPartial(partial: object): Message;
}

/** One method of a service. */
export interface MethodDefinition {
  readonly name: string;
  readonly requestType: MessageType<unknown>;
  readonly responseType: MessageType<unknown>;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

/** A service, as generated. */
export interface ServiceDefinition {
  readonly name: string;
  readonly fullName: string;
  readonly methods: Readonly<Record<string, MethodDefinition>>;
}

/** Metadata of gRPC, headers of HTTP; names are lower case. */
export interface RpcMetadata {
  get(name: string): string | Uint8Array | undefined;
}

/** A header that is text. */
export function headerOf(
  metadata: RpcMetadata,
  name: string,
): string | undefined {
  const value = metadata.get(name);
  return typeof value === "string" ? value : undefined;
}

/** What a method may know of its call, whichever wire it came by. */
export interface RpcContext {
  readonly metadata: RpcMetadata;
  /** Aborted when the caller gives up or the server closes. */
  readonly signal: AbortSignal;
}

/** Where what goes wrong unexpectedly is told; a pino logger will do. */
export interface RpcLog {
  error(fields: object, message: string): void;
}

/** An object that implements a service with unary methods, for every wire. */
export type UnaryImplementation<Service extends ServiceDefinition> = {
  [Method in keyof Service["methods"]]: (
    request: ReturnType<Service["methods"][Method]["requestType"]["fromJSON"]>,
    context: RpcContext,
  ) => Promise<PartialOf<Service["methods"][Method]["responseType"]>>;
};

/** What a caller of a service holds. */
export type UnaryClient<Service extends ServiceDefinition> = {
  [Method in keyof Service["methods"]]: (
    request: PartialOf<Service["methods"][Method]["requestType"]>,
    options?: { signal?: AbortSignal },
  ) => Promise<
    ReturnType<Service["methods"][Method]["responseType"]["fromJSON"]>
  >;
};

type PartialOf<Type extends { fromPartial(partial: never): unknown }> =
  Parameters<Type["fromPartial"]>[0];
