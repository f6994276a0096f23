/** A backup taken under load, what hosts make of its restoring, and of a control plane that is none of theirs. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { SyncServiceDefinition } from "../../proto/gen/annex/sync/v1/sync.ts";
import { served, startRpcServer } from "../../proto/rpc/server.ts";
import { startAnnex, type TestAnnex } from "../support/annex.ts";
import { startDaemon } from "../support/daemon.ts";

const container = "acme";
const patience = { timeout: 40_000, interval: 50 };

vi.setConfig({ testTimeout: 120_000 });
const answering = (word: string) =>
  `module.exports = (cb) => cb(null, "${word}");`;

test("a backup taken while others publish is whole, and hosts follow what is restored from it, in full", async () => {
  const annex = await startAnnex();
  await annex.createContainer(container);
  await annex.publish(container, "kept", answering("one"));
  const over = new AbortController();
  const publishing = (async () => {
    for (let number = 2; !over.signal.aborted; number++)
      await annex.publish(container, "kept", answering(`${number}`), {
        create: false,
      });
  })();
  const backup = join(annex.home, "backup.db");
  await annex.operate("backup", backup);
  over.abort();
  await publishing;
  await annex.publish(container, "late", answering("late"));
  const client = annex.client();
  const invoke = (extension: string) => client.invoke({ container, extension });
  expect(await invoke("late")).toMatchObject({ payload: "late" });

  await expect(annex.operate("restore", "--replace", backup)).rejects.toThrow(
    /another control plane is using/,
  );
  await annex.controlplane?.stop();
  await expect(annex.operate("restore", backup)).rejects.toThrow(/exists/);
  await annex.operate("restore", "--replace", backup);
  await annex.startControlPlane();
  await vi.waitFor(
    async () =>
      expect(await invoke("late")).toMatchObject({ reason: "not_found" }),
    patience,
  );
  const extensions = annex.control("extensions");
  const { extension } = await extensions.getExtension({
    container,
    extension: "kept",
  });
  const version = extension?.activeVersion ?? 0;
  expect(version).toBeGreaterThanOrEqual(1);
  await vi.waitFor(
    async () => expect(await invoke("kept")).toMatchObject({ version }),
    patience,
  );

  // The same number again, of other code: the new history's is what serves.
  await annex.publish(container, "kept", answering("after"), { create: false });
  expect(await invoke("kept")).toMatchObject({
    payload: "after",
    version: version + 1,
  });
});

test("a host does not follow a control plane of other keys on the same port", async () => {
  const annex = await serving();
  const home = await mkdtemp(join(tmpdir(), "annex-"));
  const [grpcPort, httpPort] = [annex.grpc, annex.http].map(portOf);
  const impostor = await startDaemon("controlplane/main.ts", [
    "--home",
    home,
    "--grpc-port",
    `${grpcPort}`,
    "--http-port",
    `${httpPort}`,
    "serve",
  ]);
  onTestFinished(async () => {
    await impostor.stop();
    await rm(home, { recursive: true });
  });
  await vi.waitFor(
    () => expect(annex.sandboxd?.stderr()).toMatch(/token/),
    patience,
  );
  await stillServes(annex);
});

test("a host does not follow a history that no key it knows has signed", async () => {
  const annex = await serving();
  const hellos: string[] = [];
  const forged = await startRpcServer({
    address: annex.grpc,
    services: [
      served(SyncServiceDefinition, {
        async *sync(requests) {
          for await (const { message } of requests) {
            if (message?.$case !== "hello") continue;
            hellos.push(message.value.host);
            const value = {
              historyId: "forged",
              resync: true,
              historyToken: "e30.e30.e30",
            };
            yield { message: { $case: "welcome", value } };
            const position = { historyId: "forged", revision: 1n };
            yield { message: { $case: "caughtUp", value: { position } } };
          }
        },
        build: () => Promise.resolve({}),
      }),
    ],
    log: { error: () => undefined },
  });
  onTestFinished(() => forged.close());
  await vi.waitFor(() => {
    expect(hellos).toContain("test-host");
    expect(annex.sandboxd?.stderr()).toMatch(/unsigned history refused/);
  }, patience);
  await stillServes(annex);
});

/** A host that has lost its control plane. */
async function serving(): Promise<TestAnnex> {
  const annex = await startAnnex();
  await annex.createContainer(container);
  await annex.publish(container, "hello", answering("ours"));
  await annex.controlplane?.stop();
  return annex;
}

/** Now, and from its disk. */
async function stillServes(annex: TestAnnex): Promise<void> {
  const hello = { container, extension: "hello" };
  const client = annex.client();
  expect(await client.invoke(hello)).toMatchObject({ payload: "ours" });
  await annex.sandboxd?.kill();
  await annex.startSandboxd();
  expect(await client.invoke(hello)).toMatchObject({ payload: "ours" });
}

function portOf(address: string): string | undefined {
  return /:(\d+)$/.exec(address)?.[1];
}
