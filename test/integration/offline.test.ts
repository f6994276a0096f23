/** Losing the control plane is a normal day, and so is losing a part of the disk. */
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { AnnexError } from "../../proto/errors.ts";
import { ExtensionServiceDefinition } from "../../proto/gen/annex/control/v1/extension.ts";
import { connectRpc } from "../../proto/rpc/client.ts";
import { startAnnex, type TestAnnex } from "../support/annex.ts";
import { keepCalling } from "../support/continuous-caller.ts";
import type { Extensions } from "../support/crash-model.ts";
import { startDaemon } from "../support/daemon.ts";
import {
  startOtlpReceiver,
  type ReceivedSpan,
} from "../support/otlp-receiver.ts";

const container = "acme";
const patience = { timeout: 40_000, interval: 50 };

vi.setConfig({ testTimeout: 120_000 });
const answering = (word: string) =>
  `module.exports = (ctx, cb) => cb(null, ["${word}", ctx.secrets.KEY ?? null]);`;

test("a restarted host serves from its disk alone: code, secrets, bindings and tokens", async () => {
  const annex = await startAnnex({ sandboxd: ["--require-token"] });
  await annex.createContainer(container);
  await annex.control("points").createPoint({ name: "greeting" });
  await annex.publish(container, "hello", answering("one"), {
    points: ["greeting"],
    secrets: { KEY: "s3cret" },
  });
  const token = await annex.tokenFor(container);
  const client = annex.client({ token });
  const atPoint = { container, point: "greeting" };
  const answer = { kind: "result", payload: ["one", "s3cret"], version: 1 };
  expect(await client.invoke(atPoint)).toMatchObject(answer);

  await annex.controlplane?.kill();
  expect(await client.invoke(atPoint)).toMatchObject(answer);
  await annex.sandboxd?.kill();
  await annex.startSandboxd();
  expect(await client.invoke(atPoint)).toMatchObject(answer);
  const bare = annex.client();
  await expect(bare.invoke(atPoint)).rejects.toMatchObject({
    code: "unauthenticated",
  });
  const forged = annex.client({ token: `${token.slice(0, -6)}AAAAAA` });
  await expect(forged.invoke(atPoint)).rejects.toMatchObject({
    code: "unauthenticated",
  });
});

test("a caller sees no fault and no version twice when the control plane comes back with changes", async () => {
  const annex = await startAnnex();
  await annex.createContainer(container);
  await annex.publish(container, "hello", answering("one"));
  const client = annex.client();
  const hello = { container, extension: "hello" };
  await client.invoke(hello);
  const caller = keepCalling(client, hello);

  await annex.controlplane?.kill();
  await whileNobodyLooks(annex, async (extensions) => {
    for (const word of ["two", "three"])
      await extensions.publishVersion({
        ...hello,
        activate: true,
        files: fileOf(answering(word)),
      });
  });
  expect(await client.invoke(hello)).toMatchObject({ version: 1 });
  await annex.startControlPlane();
  await vi.waitFor(
    async () =>
      expect(await client.invoke(hello)).toMatchObject({ version: 3 }),
    patience,
  );
  expect(await caller.stop()).toMatchObject({
    versions: [1, 3],
    cold: 0,
    faults: [],
  });
});

test("a control plane that comes back with changes sends the difference and nothing else", async () => {
  const receiver = await startOtlpReceiver();
  onTestFinished(() => receiver.close());
  const annex = await startAnnex({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: "50",
      OTEL_TRACES_SAMPLER: "always_on",
    },
  });
  await annex.createContainer(container);
  for (const name of ["changed", "removed", "untouched"])
    await annex.publish(container, name, answering("one"));
  await annex.controlplane?.stop();
  await receiver.waitForSpans(
    (spans) => appliedNames(spans).includes("untouched"),
    20_000,
  );
  const before = receiver.spans.length;

  await whileNobodyLooks(annex, async (extensions) => {
    await extensions.publishVersion({
      container,
      extension: "changed",
      activate: true,
      files: fileOf(answering("two")),
    });
    await extensions.deleteExtension({ container, extension: "removed" });
  });
  await annex.startControlPlane();
  const since = () => appliedNames(receiver.spans.slice(before));
  await receiver.waitForSpans(
    () => since().includes("changed") && since().includes("removed"),
    40_000,
  );
  // What the host holds already would have come with them.
  const client = annex.client();
  const invoke = (extension: string) => client.invoke({ container, extension });
  expect(await invoke("changed")).toMatchObject({ version: 2 });
  expect(await invoke("removed")).toMatchObject({ reason: "not_found" });
  expect(await invoke("untouched")).toMatchObject({ version: 1 });
  expect(since()).toEqual(["changed", "removed"]);
});

test("a host with neither control plane nor cache is not ready, and becomes so when the control plane comes", async () => {
  const annex = await startAnnex();
  await annex.createContainer(container);
  await annex.publish(container, "hello", answering("one"));
  await annex.sandboxd?.stop();
  await annex.controlplane?.stop();
  await rm(join(annex.home, "sandboxd"), { recursive: true });

  const starting = annex.startSandboxd();
  const hello = { container, extension: "hello" };
  const client = annex.client();
  await vi.waitFor(async () => {
    const thrown = await client.invoke(hello).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(AnnexError);
    expect(thrown).toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(/ready/),
    });
    expect((await fetch(`${annex.gateway}/readyz`)).status).toBe(503);
    expect((await fetch(`${annex.gateway}/healthz`)).status).toBe(200);
  }, patience);

  await annex.startControlPlane();
  await starting;
  expect(await client.invoke(hello)).toMatchObject({ payload: ["one", null] });
  expect((await fetch(`${annex.gateway}/readyz`)).status).toBe(200);
});

test("a damaged entry and a damaged bundle cost only themselves, and are fetched again", async () => {
  const annex = await startAnnex();
  await annex.createContainer(container);
  for (const name of ["one", "two", "three"])
    await annex.publish(container, name, answering(name));
  await annex.sandboxd?.stop();
  await annex.controlplane?.stop();
  const cache = join(annex.home, "sandboxd/cache");
  const entry = await damage(join(cache, "extensions"), '"one"');
  const bundle = await damage(join(cache, "bundles"), '["two"');
  expect([entry, bundle]).toEqual([1, 1]);

  await annex.startSandboxd();
  const client = annex.client();
  const invoke = (extension: string) => client.invoke({ container, extension });
  expect(await invoke("three")).toMatchObject({ payload: ["three", null] });
  expect(await invoke("one")).toMatchObject({ kind: "failure" });
  expect(await invoke("two")).toMatchObject({ kind: "failure" });

  await annex.startControlPlane();
  for (const name of ["one", "two", "three"])
    await vi.waitFor(
      async () =>
        expect(await invoke(name)).toMatchObject({ payload: [name, null] }),
      patience,
    );
});

/** Changes the control plane's state where its hosts cannot see it: on other ports. */
async function whileNobodyLooks(
  annex: TestAnnex,
  change: (extensions: Extensions) => Promise<void>,
): Promise<void> {
  const elsewhere = await startDaemon("controlplane/main.ts", [
    "--home",
    annex.home,
    "--grpc-port",
    "0",
    "--http-port",
    "0",
    "serve",
  ]);
  const { client, close } = connectRpc(ExtensionServiceDefinition, {
    address: elsewhere.ready["grpc"] ?? "",
    token: annex.adminToken,
  });
  try {
    await change(client);
  } finally {
    close();
    await elsewhere.stop();
  }
}

/** The extensions that hosts were told of. */
function appliedNames(spans: readonly ReceivedSpan[]): string[] {
  return spans
    .filter(({ name }) => name === "sync apply")
    .flatMap(({ attributes }) => attributes["annex.extension"] ?? [])
    .map(String)
    .toSorted((a, b) => a.localeCompare(b));
}

function fileOf(source: string) {
  return [{ path: "index.js", content: Buffer.from(source) }];
}

/** Flips one bit of each file of a folder that has the text; gives how many had it. */
async function damage(folder: string, text: string): Promise<number> {
  let count = 0;
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const bytes = await readFile(file);
    const at = bytes.indexOf(text);
    if (at < 0) continue;
    bytes[at + 2] = (bytes[at + 2] ?? 0) ^ 1;
    await writeFile(file, bytes);
    count += 1;
  }
  return count;
}
