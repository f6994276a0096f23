/**
 * Refuses JSON that is not exactly a method's request. The generated fromJSON takes what it knows and bends the rest: a
 * misspelt `expiresAt` would issue a token that never expires.
 */
import {
  createFileRegistry,
  fromBinary,
  fromJson,
  type DescMessage,
  type FileRegistry,
  type JsonValue,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { AnnexError } from "../errors.ts";
import type { UnaryRoute } from "./connect.ts";

/** The routes, each refusing unknown fields and wrong types as `invalid`; `image` is buf's, of the same services. */
export function strictRoutes(
  routes: readonly UnaryRoute[],
  image: Uint8Array,
): UnaryRoute[] {
  const registry = createFileRegistry(
    fromBinary(FileDescriptorSetSchema, image),
  );
  return routes.map(({ path, handle }) => {
    const input = inputOf(registry, path);
    return {
      path,
      async handle(body, context) {
        check(input, body);
        return await handle(body, context);
      },
    };
  });
}

function inputOf(registry: FileRegistry, path: string): DescMessage {
  const [, service = "", name] = path.split("/");
  const method = registry
    .getService(service)
    ?.methods.find((one) => one.name === name);
  if (!method) throw new Error(`the image has no ${path}`);
  return method.input;
}

function check(input: DescMessage, body: unknown): void {
  try {
    fromJson(input, body as JsonValue); // it was parsed from JSON
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new AnnexError("invalid", `the body does not fit: ${detail}`, {
      cause,
    });
  }
}
