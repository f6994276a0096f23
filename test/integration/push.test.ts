/** What the control plane knows reaches the hosts, and a bad version reaches nobody. */
import { createHash } from "node:crypto";
import { expect, test, vi } from "vitest";
import type { Annex } from "../../clients/node/index.ts";
import { HostVersionState } from "../../proto/gen/annex/control/v1/host.ts";
import { startAnnex, type TestAnnex } from "../support/annex.ts";
import { keepCalling } from "../support/continuous-caller.ts";

const container = "acme";
const target = { container, extension: "hello" };
const next = { create: false };
const patience = { timeout: 40_000, interval: 20 };

vi.setConfig({ testTimeout: 120_000 });

test("activate, roll back, enable, disable, secrets and delete reach the next calls without a new version", async () => {
  const annex = await withContainer();
  await annex.control("points").createPoint({ name: "greeting" });
  await annex.publish(container, "hello", answering("one"), {
    points: ["greeting"],
  });
  await annex.publish(container, "hello", answering("two"), next);
  const extensions = annex.control("extensions");
  const secrets = annex.control("secrets");
  const client = annex.client();
  const answers = (payload: unknown) => eventually(client, { payload });
  await answers(["two", null]);

  await extensions.rollBackExtension(target);
  await answers(["one", null]);
  await extensions.activateVersion({ ...target, number: 2 });
  await answers(["two", null]);

  await secrets.setSecret({ ...target, name: "KEY", value: "s3cret" });
  await answers(["two", "s3cret"]);
  await secrets.deleteSecret({ ...target, name: "KEY" });
  await answers(["two", null]);

  const atPoint = { container, point: "greeting" };
  await extensions.updateExtension({ ...target, enabled: false });
  await eventually(client, { kind: "failure", reason: "disabled" });
  expect(await client.invoke(atPoint)).toMatchObject({ kind: "skipped" });
  await extensions.updateExtension({ ...target, enabled: true });
  await answers(["two", null]);
  expect(await client.invoke(atPoint)).toMatchObject({ version: 2 });

  const { versions } = await extensions.listVersions(target);
  expect(versions).toHaveLength(2);
  await extensions.deleteExtension(target);
  await eventually(client, { kind: "failure", reason: "not_found" });
  expect(await client.invoke(atPoint)).toMatchObject({
    kind: "skipped",
    reason: "nothing_bound",
  });
});

test.each([
  {
    fault: "throws at its top level",
    source: 'const one = 1;\nthrow new Error("at the top");',
    reason: "threw",
    place: /^index\.js:2:\d+: /,
  },
  {
    fault: "loops at its top level",
    source: "const one = 1;\n\nfor (;;) {}",
    reason: "sync_time",
    // V8 does not say where it was when it was stopped.
    place: /ran for 1000 ms without returning/,
  },
])(
  "a version that $fault is refused, and why is told, while the old one answers throughout",
  async ({ source, reason, place }) => {
    const annex = await withContainer();
    await annex.publish(container, "hello", "module.exports = (cb) => cb();");
    const client = annex.client();
    await client.invoke(target);
    const caller = keepCalling(client, target);

    const { rollout } = await annex.publish(container, "hello", source, next);
    expect(rollout).toMatchObject({
      version: 2,
      subscribed: 1,
      compiled: 0,
      refused: [
        { host: "test-host", reason, message: expect.stringMatching(place) },
      ],
    });
    expect(await versionsOf(annex, "test-host")).toMatchObject([
      { version: 1, state: HostVersionState.WARM, reason: "" },
      {
        version: 2,
        state: HostVersionState.REFUSED,
        reason: expect.stringMatching(place),
      },
    ]);
    const { calls } = caller.seen;
    await vi.waitFor(
      () => expect(caller.seen.calls).toBeGreaterThan(calls + 10),
      patience,
    );
    expect(await caller.stop()).toMatchObject({
      versions: [1],
      cold: 0,
      faults: [],
    });
  },
);

test("a caller meets no cold start and no failure in twenty publishes", async () => {
  const annex = await withContainer();
  await annex.publish(container, "hello", numbered(1));
  const client = annex.client();
  await client.invoke(target);
  const caller = keepCalling(client, target);
  for (let number = 2; number <= 21; number++) {
    const { rollout } = await annex.publish(
      container,
      "hello",
      numbered(number),
      next,
    );
    expect(rollout).toMatchObject({ version: number, warm: 1, refused: [] });
    await vi.waitFor(
      () => expect(caller.seen.versions.at(-1)).toBe(number),
      patience,
    );
  }
  expect(await caller.stop()).toMatchObject({
    versions: Array.from({ length: 21 }, (_, index) => index + 1),
    cold: 0,
    faults: [],
  });
});

test("a rollout shows a version stored, compiled and warm on each of two hosts", async () => {
  const annex = await withContainer();
  const second = await annex.addHost("second-host");
  const { rollout } = await annex.publish(
    container,
    "hello",
    "module.exports = (cb) => cb(null, 1);",
  );
  expect(rollout).toEqual({
    version: 1,
    subscribed: 2,
    stored: 2,
    compiled: 2,
    warm: 0,
    refused: [],
    quarantined: [],
  });
  await second.client.invoke(target);
  await vi.waitFor(
    async () =>
      expect(await rolloutOf(annex)).toMatchObject({ compiled: 2, warm: 1 }),
    patience,
  );
  expect(await versionsOf(annex, "second-host")).toMatchObject([
    { version: 1, state: HostVersionState.WARM },
  ]);
  expect(await versionsOf(annex, "test-host")).toMatchObject([
    { version: 1, state: HostVersionState.COMPILED },
  ]);
  await second.daemon.kill();
  await vi.waitFor(
    async () =>
      expect(await rolloutOf(annex)).toMatchObject({
        subscribed: 1,
        compiled: 1,
        warm: 0,
      }),
    patience,
  );
});

test("a call in flight ends on the version it was admitted with", async () => {
  const annex = await withContainer();
  await annex.publish(container, "hello", slow("old", 8000));
  const client = annex.client();
  const order: string[] = [];
  const inFlight = client.invoke(target).then((outcome) => {
    order.push("old answered");
    return outcome;
  });
  await vi.waitFor(
    async () => expect(await rolloutOf(annex)).toMatchObject({ warm: 1 }),
    patience,
  );
  await annex.publish(container, "hello", slow("new", 0), next);
  await eventually(client, { payload: "new", version: 2 });
  order.push("new answered");
  expect(await inFlight).toMatchObject({ payload: "old", version: 1 });
  expect(order).toEqual(["new answered", "old answered"]);
});

test("a bundle of more than 2 MiB comes whole", async () => {
  const annex = await withContainer();
  const blob = createHash("sha512").update("blob").digest("hex").repeat(30_000);
  const { rollout } = await annex.publish(container, "hello", {
    "index.js": `const blob = require("blob");
      module.exports = (cb) => cb(null, [blob.length, blob.slice(-8)]);`,
    "node_modules/blob/index.js": `module.exports = "${blob}";`,
  });
  expect(rollout).toMatchObject({ compiled: 1, refused: [] });
  await eventually(annex.client(), { payload: [blob.length, blob.slice(-8)] });
});

test("a host with named containers holds nothing of the others", async () => {
  const annex = await withContainer();
  await annex.createContainer("other");
  const named = await annex.addHost("named-host", ["--container", "other"]);
  const source = "module.exports = (cb) => cb(null, 1);";
  const { rollout } = await annex.publish(container, "hello", source);
  expect(rollout).toMatchObject({ subscribed: 1, compiled: 1 });
  const other = await annex.publish("other", "hello", source);
  expect(other.rollout).toMatchObject({ subscribed: 2, compiled: 2 });
  expect(
    await named.client.invoke({ ...target, container: "other" }),
  ).toMatchObject({ kind: "result" });
  expect(await named.client.invoke(target)).toMatchObject({
    kind: "failure",
    reason: "not_found",
  });
  expect(await versionsOf(annex, "named-host")).toMatchObject([
    { container: "other" },
  ]);
});

function answering(word: string): string {
  return `module.exports = (ctx, cb) => cb(null, ["${word}", ctx.secrets.KEY ?? null]);`;
}

function numbered(number: number): string {
  return `module.exports = (cb) => cb(null, ${number});`;
}

function slow(word: string, ms: number): string {
  return `module.exports = (cb) => setTimeout(() => cb(null, "${word}"), ${ms});`;
}

async function withContainer(): Promise<TestAnnex> {
  const annex = await startAnnex();
  await annex.createContainer(container);
  return annex;
}

async function eventually(client: Annex, expected: object): Promise<void> {
  await vi.waitFor(
    async () => expect(await client.invoke(target)).toMatchObject(expected),
    patience,
  );
}

async function rolloutOf(annex: TestAnnex) {
  const { rollout } = await annex.control("extensions").getRollout(target);
  return rollout;
}

async function versionsOf(annex: TestAnnex, name: string) {
  const { host } = await annex.control("hosts").getHost({ name });
  return host?.versions.toSorted((a, b) => a.version - b.version);
}
