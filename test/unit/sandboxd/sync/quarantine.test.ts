import { expect, test, vi } from "vitest";
import { InvokeRequest } from "../../../../proto/gen/annex/invoke/v1/invoke.ts";
import { HeldState } from "../../../../proto/gen/annex/sync/v1/sync.ts";
import { resolve } from "../../../../sandboxd/invoke/resolve.ts";
import {
  extensionState,
  type FakeStream,
  patience,
  sha256,
} from "./fake-control-plane.ts";
import { startHost, temporaryFolder, type TestHost } from "./host.ts";

const names = { container: "acme", extension: "hello" };
const message = "it ended its executor 5 times within 60 s";
const quarantined = {
  ...names,
  state: HeldState.QUARANTINED,
  refusal: { reason: "quarantined", message, file: "", line: 0, column: 0 },
};

test("runs the last good version instead of a quarantined one, and says so upward at once and in Hello", async () => {
  const folder = await temporaryFolder();
  const { host, stream } = await startServing(folder);
  await publish(stream, 2);
  expect(runs(host)).toBe(2);
  await quarantine(host, 2);
  expect(runs(host)).toBe(1);
  await vi.waitFor(
    () => expect(stream.held).toContainEqual({ ...quarantined, version: 2 }),
    patience,
  );
  await host.sync.close();

  const restarted = await startHost(folder);
  expect(runs(restarted)).toBe(1);
  const { hello } = await restarted.controlPlane.stream(0);
  expect(hello?.held).toEqual([{ ...quarantined, version: 2 }]);
});

test("without a version before it a call learns what is quarantined, why, and what to do", async () => {
  const { host } = await startServing(await temporaryFolder());
  await quarantine(host, 1);
  for (const target of targets)
    expect(resolve(host.catalog, requestOf(target))).toEqual({
      reason: "quarantined",
      message: `version 1 of extension hello of container acme is quarantined on this host: ${message}. Publish a version that works, or let this one run again: annex extension release hello --container acme`,
    });
});

test("a disabled extension is disabled, quarantined or not", async () => {
  const { host, stream } = await startServing(await temporaryFolder());
  await quarantine(host, 1);
  await publish(stream, 1, { enabled: false });
  expect(targets.map((one) => resolve(host.catalog, requestOf(one)))).toEqual([
    expect.objectContaining({ reason: "disabled" }),
    { skipped: "disabled" },
  ]);
});

test("lets a version that is published after a quarantine serve", async () => {
  const { host, stream } = await startServing(await temporaryFolder());
  await quarantine(host, 1);
  const ack = await publish(stream, 2);
  expect(ack.held).toMatchObject({ version: 2, state: HeldState.COMPILED });
  expect(runs(host)).toBe(2);
});

test("keeps a version quarantined that is rolled back to, and loads it nowhere", async () => {
  const { host, stream } = await startServing(await temporaryFolder());
  await quarantine(host, 1);
  await publish(stream, 2);
  const ack = await publish(stream, 1);
  expect(ack.refusal).toBeUndefined();
  expect(ack.held).toEqual({ ...quarantined, version: 1 });
  expect(runs(host)).toBe(2);
  expect(host.warmed).toEqual(["hello@1", "hello@2"]);
});

test("runs a version again once it is released, and reports it as it is then", async () => {
  const folder = await temporaryFolder();
  const { host, stream } = await startServing(folder);
  await publish(stream, 2);
  await quarantine(host, 2);
  const unreleased = await publish(stream, 2);
  expect(unreleased.held?.state).toBe(HeldState.QUARANTINED);
  const released = await publish(stream, 2, { quarantineReleases: 1 });
  expect(released.held).toMatchObject({
    version: 2,
    state: HeldState.COMPILED,
    refusal: undefined,
  });
  expect(runs(host)).toBe(2);
  await host.sync.close();
  const restarted = await startHost(folder);
  expect(runs(restarted)).toBe(2);
});

test("quarantines again what ends its executors after a release", async () => {
  const { host, stream } = await startServing(await temporaryFolder());
  await publish(stream, 2, { quarantineReleases: 1 });
  await quarantine(host, 2);
  expect((await publish(stream, 2, { quarantineReleases: 1 })).held).toEqual({
    ...quarantined,
    version: 2,
  });
  expect(runs(host)).toBe(1);
  await publish(stream, 2, { quarantineReleases: 2 });
  expect(runs(host)).toBe(2);
});

test("releases at once, while the version told with it is still being checked", async () => {
  const { host, stream } = await startServing(await temporaryFolder());
  await quarantine(host, 1);
  const { promise, resolve: release } = Promise.withResolvers<undefined>();
  host.check = () => promise;
  const published = publish(stream, 2, { quarantineReleases: 1 });
  await vi.waitFor(() => expect(runs(host)).toBe(1), patience);
  release(undefined);
  await published;
  expect(runs(host)).toBe(2);
});

test("does not take the warmth of a quarantined version for its release", async () => {
  const { host, stream } = await startServing(await temporaryFolder());
  await quarantine(host, 1);
  host.sync.reportHeld({ ...names, version: 1, isWarm: false });
  host.sync.reportHeld({ ...names, version: 1, isWarm: true });
  await publish(stream, 2); // behind what was reported
  const told = stream.held.filter(({ version }) => version === 1);
  expect(told.at(-1)?.state).toBe(HeldState.QUARANTINED);
});

test("tells of a quarantine that falls between Hello and Welcome", async () => {
  const folder = await temporaryFolder();
  await (await startServing(folder)).host.sync.close();
  const host = await startHost(folder);
  const stream = await host.controlPlane.stream(0);
  expect(stream.hello?.held).toMatchObject([{ state: HeldState.COMPILED }]);
  await quarantine(host, 1);
  expect(stream.held).toEqual([]);
  stream.welcome("h1");
  await vi.waitFor(
    () => expect(stream.held).toEqual([{ ...quarantined, version: 1 }]),
    patience,
  );
});

for (const [number, what] of [
  [2, "the same number"],
  [5, "another number"],
] as const)
  test(`counts releases anew in a restored history, where the build has ${what}`, async () => {
    const folder = await temporaryFolder();
    const { host, stream } = await startServing(folder);
    await publish(stream, 2, { quarantineReleases: 7 });
    await quarantine(host, 2);
    await host.sync.close();

    const restarted = await startHost(folder);
    const next = await restarted.controlPlane.stream(0);
    next.welcome("h2", true, "signed:h2");
    const tell = (quarantineReleases: number) =>
      next.ack(
        next.change(
          BigInt(1 + quarantineReleases),
          extensionState({ number, code: "version 2", quarantineReleases }),
          { historyId: "h2" },
        ),
      );
    expect((await tell(1)).held).toEqual({ ...quarantined, version: number });
    expect(restarted.catalog.held()).toEqual([
      { ...names, version: number, quarantine: message },
    ]);
    expect((await tell(2)).held?.state).toBe(HeldState.COMPILED);
  });

test("forgets a quarantine whose number names another build in a restored history", async () => {
  const folder = await temporaryFolder();
  const { host } = await startServing(folder);
  await quarantine(host, 1);
  await host.sync.close();
  const restarted = await startHost(folder);
  const next = await restarted.controlPlane.stream(0);
  next.welcome("h2", true, "signed:h2");
  const other = extensionState({ code: "another build" });
  const nonce = next.change(1n, other, { historyId: "h2" });
  expect((await next.ack(nonce)).held?.state).toBe(HeldState.COMPILED);
  expect(restarted.catalog.held()).toEqual([{ ...names, version: 1 }]);
});

test("takes the bundle of a version again that was released long after it had served", async () => {
  const { host, stream } = await startServing(await temporaryFolder());
  await quarantine(host, 1);
  await publish(stream, 2);
  await publish(stream, 3);
  await host.catalog.collectBundles();
  expect(host.catalog.hasBundle(sha256("version 1"))).toBe(false);
  const without = { quarantineReleases: 1, sent: "" };
  expect((await publish(stream, 1, without)).refusal?.reason).toBe("digest");
  expect(runs(host)).toBe(3);
  const again = await publish(stream, 1, { quarantineReleases: 1 });
  expect(again.held).toMatchObject({ version: 1, state: HeldState.COMPILED });
  expect(runs(host)).toBe(1);
});

const targets = [
  { $case: "extension" as const, value: "hello" },
  { $case: "point" as const, value: "login" },
];

/** Publishes hello@1 at point login at revision 1. */
async function startServing(
  folder: string,
): Promise<{ host: TestHost; stream: FakeStream }> {
  const host = await startHost(folder);
  const stream = await host.controlPlane.stream(0);
  stream.welcome("h1");
  await publish(stream, 1);
  stream.caughtUp(1n);
  await vi.waitFor(
    () => expect(host.catalog.position()?.revision).toBe(1n),
    patience,
  );
  return { host, stream };
}

function publish(
  stream: FakeStream,
  number: number,
  options: {
    quarantineReleases?: number;
    enabled?: boolean;
    sent?: string;
  } = {},
) {
  const state = extensionState({ number, points: ["login"], ...options });
  return stream.ack(stream.change(10n, state));
}

/** Takes a version out of service as the supervisor's event does. */
async function quarantine(host: TestHost, version: number): Promise<void> {
  const serving = host.catalog.extension("acme", "hello");
  await host.catalog.putQuarantined({
    ...names,
    version: { number: version, digest: sha256(`version ${version}`) },
    message,
    quarantineReleases: serving?.quarantineReleases ?? 0,
  });
  host.sync.reportQuarantine({ ...names, version, message });
}

/** The number of the version that calls run, by name and at the point. */
function runs(host: TestHost): number | undefined {
  const [byName, atPoint] = targets.map((target) => {
    const resolution = resolve(host.catalog, requestOf(target));
    return "version" in resolution ? resolution.version.number : undefined;
  });
  expect(byName).toBe(atPoint);
  return byName;
}

function requestOf(target: NonNullable<InvokeRequest["target"]>) {
  return InvokeRequest.fromPartial({ container: "acme", target });
}
