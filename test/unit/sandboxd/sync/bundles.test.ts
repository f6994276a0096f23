import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { FaultyFiles } from "../cache/faulty-files.ts";
import {
  extensionState,
  type FakeStream,
  patience,
  sha256,
} from "./fake-control-plane.ts";
import { startHost, temporaryFolder, type TestHost } from "./host.ts";

const chunkBytes = 2 * 1024 * 1024;
const large = "x".repeat(5 * 1024 * 1024);
const sourceMap = '{"mappings":"AAAA"}';

test("puts a bundle together from its chunks", async () => {
  const { host, stream } = await start();
  sendChunks(stream, large, sourceMap);
  const published = stream.change(
    1n,
    extensionState({ code: large, sent: "" }),
  );
  expect((await stream.ack(published)).refusal).toBeUndefined();
  const { content, bundleBytes } = await host.catalog.readBundle(sha256(large));
  expect(bundleBytes).toBe(large.length);
  expect(content.toString()).toBe(large + sourceMap);
});

test("puts two bundles together whose chunks come by turns", async () => {
  const { host, stream } = await start();
  const codes = ["a", "b"].map((letter) => letter.repeat(chunkBytes + 1));
  for (const offset of [0, chunkBytes])
    for (const code of codes) sendChunk(stream, code, offset);
  for (const [index, code] of codes.entries()) {
    const state = extensionState({ extension: `e${index}`, code, sent: "" });
    expect(
      (await stream.ack(stream.change(1n, state))).refusal,
    ).toBeUndefined();
    expect(host.catalog.hasBundle(sha256(code))).toBe(true);
  }
});

test.each([
  ["is cut short", (stream: FakeStream) => sendChunk(stream, large, 0)],
  [
    "has its chunks out of order",
    (stream: FakeStream) => {
      sendChunk(stream, large, chunkBytes);
      sendChunk(stream, large, 0);
    },
  ],
  [
    "announces more than the limit",
    (stream: FakeStream) =>
      stream.say({
        $case: "bundleChunk",
        value: {
          digest: sha256(large),
          offset: 0n,
          totalBytes: 41n * 1024n * 1024n,
          content: Buffer.from("x"),
        },
      }),
  ],
  [
    "is another's",
    (stream: FakeStream) =>
      sendChunks(stream, "y".repeat(large.length), "", sha256(large)),
  ],
])("refuses a bundle that %s, once and for all", async (_what, send) => {
  const { host, stream } = await start();
  send(stream);
  const published = stream.change(
    1n,
    extensionState({ code: large, sent: "" }),
  );
  stream.caughtUp(1n);
  expect((await stream.ack(published)).refusal?.reason).toBe("digest");
  expect(host.checked).toEqual([]);
  await reaches(host, 1n);
  expect(host.catalog.extension("acme", "hello")).toBeUndefined();
  expect(host.catalog.held()).toMatchObject([
    { refusal: { reason: "digest" } },
  ]);
});

test("refuses a bundle that is not what its digest says, and takes it when it comes right", async () => {
  const { host, stream } = await start();
  await stream.ack(stream.change(1n, extensionState()));
  const tampered = stream.change(
    2n,
    extensionState({ number: 2, sent: "version 2!" }),
  );
  stream.caughtUp(2n);
  expect((await stream.ack(tampered)).refusal?.reason).toBe("digest");
  await reaches(host, 2n);
  expect(host.catalog.extension("acme", "hello")?.version.number).toBe(1);
  const right = stream.change(3n, extensionState({ number: 2 }));
  expect((await stream.ack(right)).refusal).toBeUndefined();
  expect(host.catalog.extension("acme", "hello")?.version.number).toBe(2);
});

test("needs no other stream where the missing bundle comes on this one", async () => {
  const { host, stream } = await start();
  await stream.ack(stream.change(1n, extensionState({ sent: "" })));
  stream.caughtUp(1n);
  await vi.waitFor(() => expect(host.sleeps).toHaveLength(1), patience);
  const again = stream.change(1n, extensionState());
  expect((await stream.ack(again)).refusal).toBeUndefined();
  expect(host.catalog.position()).toBeUndefined();
  await host.wake();
  await reaches(host, 1n);
  expect(host.controlPlane.streams).toHaveLength(1);
  expect(stream.hasEnded).toBe(false);
});

test("asks again for a bundle that it was believed to hold", async () => {
  const { host, stream } = await start();
  const published = stream.change(1n, extensionState({ sent: "" }));
  stream.caughtUp(1n);
  expect((await stream.ack(published)).refusal?.message).toBe(
    "the bundle was not sent",
  );
  await host.wake();
  const next = await host.controlPlane.stream(1);
  expect(next.hello).toMatchObject({ position: undefined, held: [] });
});

test("asks again for a bundle that was damaged on disk", async () => {
  const folder = await temporaryFolder();
  const { host: before, stream: first } = await start(folder);
  await first.ack(first.change(1n, extensionState()));
  first.caughtUp(1n);
  await reaches(before, 1n);
  await before.sync.close();
  const host = await startHost(folder);
  const stream = await host.controlPlane.stream(0);
  stream.welcome("h1");

  const path = join(folder, "bundles", sha256("version 1"));
  const other = "z".repeat(35 * 1024 * 1024);
  for (const code of [other, `${other}z`]) {
    // Two bundles that fill the memory between them, so that the first is read from disk again.
    const bundle = Buffer.from(code);
    await host.catalog.putBundle(sha256(code), bundle, Buffer.alloc(0));
    await host.catalog.readBundle(sha256(code));
  }
  await writeFile(path, (await readFile(path)).subarray(0, 90));
  await expect(
    host.catalog.readBundle(sha256("version 1")),
  ).rejects.toMatchObject({ code: "unavailable" });
  await host.wake();
  const next = await host.controlPlane.stream(1);
  expect(next.hello).toMatchObject({
    position: { historyId: "h1", revision: 0n },
    held: [],
  });
  next.welcome("h1");
  const again = next.change(1n, extensionState());
  next.caughtUp(1n);
  expect((await next.ack(again)).refusal).toBeUndefined();
  await reaches(host, 1n);
  const { content } = await host.catalog.readBundle(sha256("version 1"));
  expect(content.toString()).toContain("version 1");
});

test("serves on while the disk is full, and asks again for what it could not keep", async () => {
  const folder = await temporaryFolder();
  const disk = new FaultyFiles();
  const { host, stream } = await start(folder, disk);
  await stream.ack(stream.change(1n, extensionState()));
  stream.caughtUp(1n);
  await reaches(host, 1n);

  disk.failAfter(0);
  const published = stream.change(2n, extensionState({ number: 2 }));
  expect((await stream.ack(published)).refusal?.reason).toBe(
    "storage_unavailable",
  );
  const disabled = stream.change(
    3n,
    extensionState({ enabled: false, sent: "" }),
  );
  stream.caughtUp(3n);
  expect((await stream.ack(disabled)).refusal).toBeUndefined();
  expect(host.catalog.extension("acme", "hello")).toMatchObject({
    enabled: false,
    version: { number: 1 },
  });
  await vi.waitFor(() => expect(host.sleeps).toHaveLength(1), patience);
  expect(host.catalog.position()?.revision).toBe(1n);
  expect(host.catalog.status().degraded).toContain("ENOSPC");

  disk.heal();
  await host.wake();
  const next = await host.controlPlane.stream(1);
  expect(next.hello?.position?.revision).toBe(1n);
  next.welcome("h1");
  const again = next.change(3n, extensionState({ number: 2, enabled: false }));
  next.caughtUp(3n);
  expect((await next.ack(again)).refusal).toBeUndefined();
  await reaches(host, 3n);
  expect(host.catalog.status().degraded).toBeUndefined();
  const restarted = await startHost(folder);
  expect(restarted.catalog.extension("acme", "hello")).toMatchObject({
    enabled: false,
    version: { number: 2 },
  });
});

test("shows after a loss of power at any step the old state or the new, and catches up", async () => {
  const steps = await publishWithFailure(Infinity);
  expect(steps).toBeGreaterThan(10);
  for (let step = 0; step < steps; step++) await publishWithFailure(step);
});

/** Tells version 2 on a disk that fails after so many steps; restarts from what is there, and goes on. */
async function publishWithFailure(failAfter: number): Promise<number> {
  const folder = await temporaryFolder();
  const disk = new FaultyFiles();
  const { host, stream } = await start(folder, disk);
  await stream.ack(stream.change(1n, extensionState({ points: ["old"] })));
  stream.caughtUp(1n);
  await reaches(host, 1n);
  const stepsBefore = disk.steps.length;
  disk.failAfter(failAfter, "EIO");
  const next = extensionState({ number: 2, points: ["new"] });
  await stream.ack(stream.change(2n, next));
  stream.caughtUp(2n);
  await vi.waitFor(() => {
    const isKept = host.catalog.position()?.revision === 2n;
    expect(isKept || host.sleeps.length > 0).toBe(true);
  }, patience);
  const steps = disk.steps.length - stepsBefore;
  await host.sync.close();

  const restarted = await startHost(folder);
  const serving = restarted.catalog.extension("acme", "hello");
  const number = serving?.version.number ?? 0;
  expect([1, 2]).toContain(number);
  expect(serving?.points).toEqual([number === 1 ? "old" : "new"]);
  const bundle = await restarted.catalog.readBundle(
    sha256(`version ${number}`),
  );
  expect(bundle.content.toString()).toContain(`version ${number}`);
  const revision = restarted.catalog.position()?.revision;
  if (revision === 2n) expect(number).toBe(2);
  else expect(revision).toBe(1n);

  const resumed = await restarted.controlPlane.stream(0);
  resumed.welcome("h1");
  await resumed.ack(resumed.change(2n, next));
  resumed.caughtUp(2n);
  await reaches(restarted, 2n);
  expect(restarted.catalog.extension("acme", "hello")?.version.number).toBe(2);
  await restarted.sync.close();
  return steps;
}

test("keeps the bundles of versions that served a moment ago, and not those of long ago", async () => {
  const folder = await temporaryFolder();
  const { host, stream } = await start(folder);
  for (let number = 1; number <= 100; number++) {
    const revision = BigInt(number);
    await stream.ack(stream.change(revision, extensionState({ number })));
    stream.caughtUp(revision);
    await reaches(host, revision);
  }
  const bundles = await readdir(join(folder, "bundles"));
  expect(bundles).toContain(sha256("version 100"));
  expect(bundles).toContain(sha256("version 99"));
  expect(bundles.length).toBeLessThan(70);
});

async function start(
  folder?: string,
  disk?: FaultyFiles,
): Promise<{ host: TestHost; stream: FakeStream }> {
  const host = await startHost(
    folder ?? (await temporaryFolder()),
    disk && { files: disk.files },
  );
  const stream = await host.controlPlane.stream(0);
  stream.welcome("h1");
  return { host, stream };
}

function sendChunks(
  stream: FakeStream,
  code: string,
  map: string,
  digest = sha256(code),
): void {
  const content = code + map;
  for (let offset = 0; offset < content.length; offset += chunkBytes)
    sendChunk(stream, content, offset, digest);
}

function sendChunk(
  stream: FakeStream,
  content: string,
  offset: number,
  digest = sha256(content),
): void {
  stream.say({
    $case: "bundleChunk",
    value: {
      digest,
      offset: BigInt(offset),
      totalBytes: BigInt(content.length),
      content: Buffer.from(content.slice(offset, offset + chunkBytes)),
    },
  });
}

function reaches(host: TestHost, revision: bigint): Promise<void> {
  return vi.waitFor(
    () => expect(host.catalog.position()?.revision).toBe(revision),
    patience,
  );
}
