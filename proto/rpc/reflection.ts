/** Server reflection, so that `buf curl` and `grpcurl` need no .proto files. */
import type {
  Server,
  ServiceDefinition,
  ServerDuplexStream,
} from "@grpc/grpc-js";
import {
  ServerReflection,
  ServerReflectionService,
} from "nice-grpc-server-reflection";

type ReflectionRequest =
  Parameters<
    ReturnType<typeof ServerReflection>["serverReflectionInfo"]
  >[0] extends AsyncIterable<infer Request>
    ? Request
    : never;

/** Adds reflection, v1 and v1alpha, of the named services from an image of `buf build`. */
export function addReflection(
  server: Server,
  image: Uint8Array,
  services: string[],
): void {
  const reflection = ServerReflection(image, services);
  const serverReflectionInfo = (
    call: ServerDuplexStream<ReflectionRequest, unknown>,
  ): void => {
    void answer(call).catch((error: unknown) => call.destroy(asError(error)));
  };
  async function answer(
    call: ServerDuplexStream<ReflectionRequest, unknown>,
  ): Promise<void> {
    // Read to its end, a stream would be destroyed with what is still to be written: callers would wait for its status.
    const requests = call.iterator({ destroyOnReturn: false });
    // The implementation reads nothing of its context.
    const responses = reflection.serverReflectionInfo(requests, {} as never);
    for await (const response of responses) call.write(response);
    call.end();
  }
  const v1 = ServerReflectionService as unknown as ServiceDefinition; // generated for grpc-js, typed for its predecessor
  server.addService(v1, { serverReflectionInfo });
  server.addService(v1alphaOf(v1), { serverReflectionInfo });
}

/** The two versions differ in the package's name alone. */
function v1alphaOf(v1: ServiceDefinition): ServiceDefinition {
  const renamed = Object.entries(v1).map(([name, method]) => [
    name,
    { ...method, path: method.path.replace(".v1.", ".v1alpha.") },
  ]);
  return Object.fromEntries(renamed) as ServiceDefinition; // what fromEntries cannot say
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
