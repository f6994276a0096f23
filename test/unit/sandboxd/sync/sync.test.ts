import { expect, test, vi } from "vitest";
import { HeldState } from "../../../../proto/gen/annex/sync/v1/sync.ts";
import { extensionState, patience, sha256 } from "./fake-control-plane.ts";
import {
  type LogLine,
  startHost,
  temporaryFolder,
  type TestHost,
} from "./host.ts";

test("serves what the first sync told, and says what it holds", async () => {
  const host = await startHost(await temporaryFolder());
  const stream = await host.controlPlane.stream(0);
  expect(stream.hello).toMatchObject({
    host: "host-1",
    runtimes: ["2026.1"],
    position: undefined,
    held: [],
  });
  stream.welcome("h1");
  const container = stream.change(1n, {
    $case: "container",
    value: { container: "acme" },
  });
  const keys = stream.change(1n, {
    $case: "keys",
    value: { jwks: '{"keys":[{"kty":"OKP","kid":"k1"}]}' },
  });
  const revoked = stream.change(1n, {
    $case: "revocations",
    value: { tokens: [{ jti: "stolen", expiresAtS: 0n }] },
  });
  const published = stream.change(
    1n,
    extensionState({ points: ["login"], secrets: { KEY: "s3cret" } }),
  );
  stream.caughtUp(1n);

  for (const nonce of [container, keys, revoked])
    expect((await stream.ack(nonce)).refusal).toBeUndefined();
  expect(await stream.ack(published)).toMatchObject({
    refusal: undefined,
    held: {
      container: "acme",
      extension: "hello",
      version: 1,
      state: HeldState.COMPILED,
    },
  });
  expect(host.catalog.bound("acme", "login")).toMatchObject({
    extension: "hello",
    secrets: { KEY: "s3cret" },
  });
  expect(host.catalog.keys().keys).toEqual([{ kty: "OKP", kid: "k1" }]);
  expect(host.catalog.isRevoked("stolen")).toBe(true);
  const bundle = await host.catalog.readBundle(sha256("version 1"));
  expect(bundle.content.toString()).toBe('version 1{"mappings":""}');
  expect(bundle.bundleBytes).toBe(9);
  await vi.waitFor(
    () =>
      expect(host.catalog.position()).toEqual({
        historyId: "h1",
        revision: 1n,
      }),
    patience,
  );
  expect(host.sync.status()).toMatchObject({ connected: true, caughtUp: true });
});

test("serves from disk after a restart while the control plane is away", async () => {
  const folder = await temporaryFolder();
  await firstSync(await startHost(folder));
  const host = await startHost(folder, {
    overrides: {
      connect: () => {
        throw new Error("connection refused");
      },
    },
  });
  await host.wake();
  expect(host.catalog.extension("acme", "hello")?.version.number).toBe(1);
  const bundle = await host.catalog.readBundle(sha256("version 1"));
  expect(bundle.content.toString("utf8", 0, 9)).toBe("version 1");
  expect(host.catalog.hasContainer("acme")).toBe(true);
  expect(host.sync.status()).toMatchObject({
    connected: false,
    lastError: "connection refused",
    stalenessMs: undefined,
  });
});

test("names on reconnect where it stands and what it holds, and takes the difference", async () => {
  const folder = await temporaryFolder();
  await firstSync(await startHost(folder));
  const host = await startHost(folder);
  const stream = await host.controlPlane.stream(0);
  expect(stream.hello).toMatchObject({
    position: { historyId: "h1", revision: 1n },
    held: [
      {
        container: "acme",
        extension: "hello",
        version: 1,
        state: HeldState.COMPILED,
      },
    ],
  });
  stream.welcome("h1");
  const published = stream.change(2n, extensionState({ number: 2 }));
  stream.caughtUp(2n);
  await stream.ack(published);
  expect(host.catalog.extension("acme", "hello")?.version.number).toBe(2);
  await reaches(host, 2n);
});

test("takes new meta of the version it holds without its bundle and without a check", async () => {
  const host = await startHost(await temporaryFolder());
  const stream = await firstSync(host);
  const changed = stream.change(
    2n,
    extensionState({ meta: { colour: "red" }, enabled: false, sent: "" }),
  );
  expect((await stream.ack(changed)).refusal).toBeUndefined();
  expect(host.catalog.extension("acme", "hello")).toMatchObject({
    enabled: false,
    meta: { colour: "red" },
    version: { bundleBytes: "version 1".length },
  });
  expect(host.checked).toEqual(["hello@1"]);
});

test("drops after a resync what the resync did not name", async () => {
  const folder = await temporaryFolder();
  const before = await startHost(folder);
  const first = await firstSync(before);
  await first.ack(first.change(2n, extensionState({ extension: "gone" })));
  await first.ack(
    first.change(2n, { $case: "container", value: { container: "left" } }),
  );
  first.caughtUp(2n);
  await reaches(before, 2n);
  await before.sync.close();

  const host = await startHost(folder);
  const stream = await host.controlPlane.stream(0);
  stream.welcome("h1", true);
  stream.change(9n, { $case: "container", value: { container: "acme" } });
  stream.change(9n, extensionState({ sent: "" }));
  stream.caughtUp(9n);
  await reaches(host, 9n);
  expect(host.catalog.extension("acme", "hello")).toBeDefined();
  expect(host.catalog.extension("acme", "gone")).toBeUndefined();
  expect(host.catalog.containers()).toEqual(["acme"]);
  const reopened = await startHost(folder);
  expect(reopened.catalog.extension("acme", "gone")).toBeUndefined();
  expect(reopened.catalog.containers()).toEqual(["acme"]);
});

test("keeps everything when a stream breaks in the middle of a resync", async () => {
  const folder = await temporaryFolder();
  await firstSync(await startHost(folder));
  const host = await startHost(folder);
  const stream = await host.controlPlane.stream(0);
  stream.welcome("h1", true);
  stream.end();
  await host.wake();
  const next = await host.controlPlane.stream(1);
  expect(next.hello?.position).toEqual({ historyId: "h1", revision: 1n });
  expect(host.catalog.extension("acme", "hello")).toBeDefined();
});

test("follows another history only where a known key has signed it", async () => {
  const folder = await temporaryFolder();
  await firstSync(await startHost(folder));
  const host = await startHost(folder);
  const unsigned = await host.controlPlane.stream(0);
  unsigned.welcome("h2", true, "forged");
  await host.wake();
  const other = await host.controlPlane.stream(1);
  other.welcome("h2", true, "signed:h3");
  await host.wake();
  expect(said(host, "unsigned history refused")).toHaveLength(2);
  expect(host.catalog.position()).toEqual({ historyId: "h1", revision: 1n });

  const signed = await host.controlPlane.stream(2);
  signed.welcome("h2", true, "signed:h2");
  const published = signed.change(
    1n,
    extensionState({ code: "restored", number: 1 }),
    { historyId: "h2" },
  );
  signed.caughtUp(1n, "h2");
  expect((await signed.ack(published)).refusal).toBeUndefined();
  await vi.waitFor(
    () =>
      expect(host.catalog.position()).toEqual({
        historyId: "h2",
        revision: 1n,
      }),
    patience,
  );
  expect(host.catalog.extension("acme", "hello")?.version.digest).toBe(
    sha256("restored"),
  );
});

test("never goes backwards: what was read earlier than what it knows is left aside", async () => {
  const folder = await temporaryFolder();
  const before = await startHost(folder);
  const first = await firstSync(before);
  await first.ack(first.change(5n, extensionState({ number: 5 })));
  const late = first.change(4n, extensionState({ number: 4 }));
  expect(await first.ack(late)).toMatchObject({ refusal: undefined });
  await first.ack(
    first.change(6n, {
      $case: "removedExtension",
      value: { container: "acme", extension: "hello" },
    }),
  );
  await first.ack(first.change(5n, extensionState({ number: 5 })));
  expect(before.catalog.extension("acme", "hello")).toBeUndefined();
  await first.ack(first.change(7n, extensionState({ number: 7 })));
  first.caughtUp(7n);
  await reaches(before, 7n);
  await before.sync.close();

  const host = await startHost(folder);
  const stream = await host.controlPlane.stream(0);
  stream.welcome("h1");
  await stream.ack(stream.change(6n, extensionState({ number: 6 })));
  expect(host.catalog.extension("acme", "hello")?.version.number).toBe(7);
  stream.caughtUp(6n);
  await vi.waitFor(
    () => expect(said(host, "control plane is behind")).toHaveLength(1),
    patience,
  );
  expect(host.catalog.position()?.revision).toBe(7n);
});

test("keeps what it has when the control plane has lost a part of its history", async () => {
  const folder = await temporaryFolder();
  const before = await startHost(folder);
  const first = await firstSync(before);
  await first.ack(first.change(7n, extensionState({ extension: "later" })));
  first.caughtUp(7n);
  await reaches(before, 7n);
  await before.sync.close();
  const host = await startHost(folder);
  const stream = await host.controlPlane.stream(0);
  stream.welcome("h1", true);
  await stream.ack(stream.change(3n, extensionState({ number: 3 })));
  stream.caughtUp(3n);
  stream.caughtUp(3n);
  await vi.waitFor(
    () => expect(said(host, "control plane is behind")).toHaveLength(2),
    patience,
  );
  expect(host.catalog.extension("acme", "later")).toBeDefined();
  expect(host.catalog.extension("acme", "hello")?.version.number).toBe(3);
  expect(host.catalog.position()?.revision).toBe(7n);
});

test("ends a stream that speaks of another history than its Welcome", async () => {
  const host = await startHost(await temporaryFolder());
  const stream = await host.controlPlane.stream(0);
  stream.welcome("h1");
  stream.change(1n, extensionState(), { historyId: "h2" });
  await host.wake();
  expect(host.catalog.extension("acme", "hello")).toBeUndefined();
  expect(stream.hasEnded).toBe(true);
});

test("comes back after random delays that grow up to half a minute, and soon after a healthy minute", async () => {
  const host = await startHost(await temporaryFolder());
  host.controlPlane.isAway = true;
  (await host.controlPlane.stream(0)).end();
  const delays: number[] = [];
  for (let attempt = 0; attempt < 40; attempt++) delays.push(await host.wake());
  delays.forEach((ms, attempt) => {
    expect(ms).toBeGreaterThanOrEqual(0);
    expect(ms).toBeLessThan(Math.min(30_000, 1_000 * 2 ** attempt));
  });
  expect(Math.max(...delays)).toBeGreaterThan(10_000);
  expect(new Set(delays).size).toBeGreaterThan(20);

  await vi.waitFor(() => expect(host.sleeps).toHaveLength(1), patience);
  host.controlPlane.isAway = false;
  await host.wake();
  const stream = await host.controlPlane.stream(1);
  stream.welcome("h1");
  await vi.waitFor(
    () => expect(host.sync.status().connected).toBe(true),
    patience,
  );
  host.nowMs += 60_000;
  stream.end();
  expect(await host.wake()).toBeLessThan(1_000);
});

test("tells how long it has not heard from the control plane", async () => {
  const host = await startHost(await temporaryFolder());
  const stream = await firstSync(host);
  host.nowMs += 5_000;
  expect(host.sync.status().stalenessMs).toBe(0);
  stream.end();
  await vi.waitFor(
    () => expect(host.sync.status().connected).toBe(false),
    patience,
  );
  host.nowMs += 7_000;
  expect(host.sync.status()).toMatchObject({
    stalenessMs: 7_000,
    lastError: "the control plane ended the stream",
  });
});

test("passes on what became warm, at once and in the next Hello", async () => {
  const host = await startHost(await temporaryFolder());
  const stream = await firstSync(host);
  const names = { container: "acme", extension: "hello", version: 1 };
  host.sync.reportHeld({ ...names, isWarm: true });
  await vi.waitFor(
    () =>
      expect(stream.held).toContainEqual({
        ...names,
        state: HeldState.WARM,
        refusal: undefined,
      }),
    patience,
  );
  stream.end();
  await host.wake();
  const next = await host.controlPlane.stream(1);
  expect(next.hello?.held).toMatchObject([{ ...names, state: HeldState.WARM }]);
});

test("closes in mid-check and leaves nothing running", async () => {
  const seen: AbortSignal[] = [];
  const stuck = await startHost(await temporaryFolder(), {
    overrides: {
      checkVersion: (_candidate, signal) => {
        seen.push(signal);
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new Error("closed")));
        });
      },
    },
  });
  const stream = await stuck.controlPlane.stream(0);
  stream.welcome("h1");
  stream.change(1n, extensionState());
  await vi.waitFor(() => expect(seen).toHaveLength(1), patience);
  await stuck.sync.close();
  await stuck.sync.close();
  expect(stream.hasEnded).toBe(true);
  expect(stuck.catalog.extension("acme", "hello")).toBeUndefined();
});

/** Publishes hello@1 at revision 1 on the host's first stream. */
async function firstSync(host: TestHost) {
  const stream = await host.controlPlane.stream(0);
  stream.welcome("h1");
  stream.change(1n, { $case: "container", value: { container: "acme" } });
  const published = stream.change(1n, extensionState());
  stream.caughtUp(1n);
  await stream.ack(published);
  await reaches(host, 1n);
  return stream;
}

function reaches(host: TestHost, revision: bigint): Promise<void> {
  return vi.waitFor(
    () => expect(host.catalog.position()?.revision).toBe(revision),
    patience,
  );
}

function said(host: TestHost, message: string): LogLine[] {
  return host.lines.filter((line) => line.message === message);
}
