import { expect, onTestFinished, test } from "vitest";
import { AnnexError } from "../../../proto/errors.ts";
import { ContainerServiceDefinition } from "../../../proto/gen/annex/control/v1/container.ts";
import { SyncServiceDefinition } from "../../../proto/gen/annex/sync/v1/sync.ts";
import { connectRpc } from "../../../proto/rpc/client.ts";
import { served, startRpcServer } from "../../../proto/rpc/server.ts";
import type { UnaryImplementation } from "../../../proto/rpc/service.ts";

test("carries an error's code and message to the caller", async () => {
  const { client } = await containers({
    getContainer: () =>
      Promise.reject(new AnnexError("precondition", "not before noon")),
  });
  await expect(client.getContainer({ name: "a" })).rejects.toMatchObject({
    code: "precondition",
    message: "not before noon",
  });
});

test("says a fixed phrase of what it did not expect, and logs it", async () => {
  const { client, logged } = await containers({
    getContainer: () => Promise.reject(new Error("/secret/place")),
  });
  await expect(client.getContainer({ name: "a" })).rejects.toMatchObject({
    code: "internal",
    message: "internal error; the log has the details",
  });
  expect(logged).toMatchObject([{ err: { message: "/secret/place" } }]);
});

test("lets a short call finish while it closes, and takes no new one", async () => {
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const { client, server } = await containers({
    async getContainer({ name }) {
      begun.resolve();
      await finish.promise;
      return { container: { name } };
    },
  });
  const call = client.getContainer({ name: "acme" });
  await begun.promise;
  const closed = server.close();
  finish.resolve();
  expect((await call).container?.name).toBe("acme");
  await closed;
  await server.close();
  await expect(client.getContainer({ name: "acme" })).rejects.toMatchObject({
    code: "unavailable",
  });
});

test("ends a stream with unavailable when it closes", async () => {
  const server = await startRpcServer({
    address: "127.0.0.1:0",
    services: [
      served(SyncServiceDefinition, {
        async *sync(_requests, { signal }) {
          yield { message: { $case: "caughtUp", value: {} } };
          await new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
          });
        },
        build: () => Promise.resolve({}),
      }),
    ],
    log: { error: () => {} },
  });
  const { client, close } = connectRpc(SyncServiceDefinition, server);
  onTestFinished(() => close());
  const stream = client.sync(silence())[Symbol.asyncIterator]();
  await stream.next();
  await Promise.all([
    server.close(),
    expect(stream.next()).rejects.toMatchObject({ code: "unavailable" }),
  ]);
});

test("brings the token along", async () => {
  const { client } = await containers({
    getContainer: (_request, { metadata }) =>
      Promise.resolve({
        container: { name: String(metadata.get("authorization")) },
      }),
  });
  const { container } = await client.getContainer({ name: "" });
  expect(container?.name).toBe("Bearer t0ken");
});

async function* silence(): AsyncGenerator<never> {
  await new Promise(() => {});
  yield* [];
}

function absent(): Promise<never> {
  return Promise.reject(new AnnexError("not_found", "absent"));
}

async function containers(
  methods: Partial<UnaryImplementation<typeof ContainerServiceDefinition>>,
) {
  const logged: object[] = [];
  const server = await startRpcServer({
    address: "127.0.0.1:0",
    services: [
      served(ContainerServiceDefinition, {
        createContainer: absent,
        getContainer: absent,
        listContainers: absent,
        updateContainer: absent,
        deleteContainer: absent,
        ...methods,
      }),
    ],
    log: { error: (fields) => void logged.push(fields) },
  });
  onTestFinished(() => server.close());
  const { client, close } = connectRpc(ContainerServiceDefinition, {
    address: server.address,
    token: "t0ken",
  });
  onTestFinished(() => close());
  return { client, server, logged };
}
