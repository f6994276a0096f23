import { expect, test, vi } from "vitest";
import { HeldState } from "../../../../proto/gen/annex/sync/v1/sync.ts";
import { TokenKind } from "../../../../proto/gen/annex/control/v1/token.ts";
import { HostVersionState } from "../../../../proto/gen/annex/control/v1/host.ts";
import { createTokenVerifier } from "../../../../proto/token.ts";
import { restoreInto } from "../../../../controlplane/store/restore.ts";
import {
  adminOf,
  containerTokenOf,
  publish,
  startTestControlPlane,
  temporaryHome,
} from "../../../support/controlplane.ts";
import { joinAs, joinWith } from "../../../support/fake-host.ts";
import type { Change } from "../../../../proto/gen/annex/sync/v1/sync.ts";

const greet = { container: "acme", extension: "greet" };

test("sends a new host everything, keys first, then says it is caught up", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  const { version } = await publish(admin, greet, "module.exports = 1");
  await admin.secrets.setSecret({ ...greet, name: "KEY", value: "s3cret" });

  const host = await joinAs(controlplane);
  const welcome = await host.next("welcome");
  const { changes, position } = await host.untilCaughtUp();

  expect(welcome).toMatchObject({ resync: true, historyToken: "" });
  expect(position?.historyId).toBe(welcome.historyId);
  expect(changes.map(caseOf)).toEqual([
    "keys",
    "revocations",
    "egress",
    "container",
    "extension",
  ]);
  const state = extensionOf(changes);
  expect(state).toMatchObject({
    ...greet,
    enabled: true,
    secrets: { KEY: "s3cret" },
    version: { number: 1, digest: version?.digest },
  });
  expect(state?.version?.bundle.toString()).toContain("module.exports = 1");
  expect(new Set(changes.map(({ nonce }) => nonce)).size).toBe(5);
});

test("pushes a change to a connected host without its asking", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  const host = await joinAs(controlplane);
  await host.untilCaughtUp();

  await admin.containers.createContainer({ name: "acme" });
  await publish(admin, greet, "module.exports = 1");

  const container = await host.next("change");
  expect(caseOf(container)).toBe("container");
  const extension = await afterCaughtUps(host, "extension");
  expect(extension.resource?.value).toMatchObject(greet);
});

test("sends a host that comes back only what changed meanwhile", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  await publish(admin, greet, "module.exports = 1");
  await publish(admin, { ...greet, extension: "other" }, "module.exports = 2");
  const before = await joinAs(controlplane);
  const { position } = await before.untilCaughtUp();
  await before.leave();

  await publish(admin, greet, "module.exports = 3");
  await admin.extensions.deleteExtension({ ...greet, extension: "other" });

  const after = await joinAs(controlplane, { position });
  expect(await after.next("welcome")).toMatchObject({ resync: false });
  const { changes } = await after.untilCaughtUp();
  const resources = changes.map(({ resource }) => resource);
  expect(resources).toMatchObject([
    { $case: "extension", value: { ...greet, version: { number: 2 } } },
    {
      $case: "removedExtension",
      value: { container: "acme", extension: "other" },
    },
  ]);
});

test("does not send a bundle again that the host says it holds", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  await publish(admin, greet, "module.exports = 1");
  const before = await joinAs(controlplane);
  const { position } = await before.untilCaughtUp();
  await before.leave();
  await admin.secrets.setSecret({ ...greet, name: "KEY", value: "new" });

  const held = [{ ...greet, version: 1, state: HeldState.COMPILED }];
  const after = await joinAs(controlplane, { position, held });
  const { changes } = await after.untilCaughtUp();
  const state = extensionOf(changes);
  expect(state).toMatchObject({ secrets: { KEY: "new" } });
  expect(state?.version?.bundle).toHaveLength(0);
});

test("sends the bundle after all to a host that refuses for lack of it", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  await publish(admin, greet, "module.exports = 1");
  const before = await joinAs(controlplane);
  const { position } = await before.untilCaughtUp();
  await before.leave();
  await admin.secrets.setSecret({ ...greet, name: "KEY", value: "new" });

  const held = [{ ...greet, version: 1, state: HeldState.COMPILED }];
  const after = await joinAs(controlplane, { position, held });
  after.isAnswering = false;
  await after.next("welcome");
  const first = await afterCaughtUps(after, "extension");
  expect(extensionOf([first])?.version?.bundle).toHaveLength(0);
  after.nack(first, { reason: "digest", message: "not on this disk" });
  const second = await afterCaughtUps(after, "extension");
  expect(extensionOf([second])?.version?.bundle.length).toBeGreaterThan(0);
  const { rollout } = await admin.extensions.getRollout(greet);
  expect(rollout?.refused).toEqual([]);
});

test("resyncs a host whose past was compacted", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  await publish(admin, greet, "module.exports = 1");
  const before = await joinAs(controlplane);
  const { position } = await before.untilCaughtUp();
  await before.leave();
  await admin.extensions.deleteExtension(greet);
  const { revision } = await controlplane.store.changes.position();
  await controlplane.store.changes.compact(revision);

  const after = await joinAs(controlplane, { position });
  expect(await after.next("welcome")).toMatchObject({
    resync: true,
    historyToken: "",
  });
  const { changes } = await after.untilCaughtUp();
  expect(changes.map(caseOf)).toEqual([
    "keys",
    "revocations",
    "egress",
    "container",
  ]);
});

test("resyncs a host of the history before a restore, and vouches for the new one", async () => {
  const home = await temporaryHome();
  const first = await startTestControlPlane(home);
  const admin = await adminOf(first);
  await admin.containers.createContainer({ name: "acme" });
  await publish(admin, greet, "module.exports = 1");
  const backupFile = `${home}/backup`;
  await first.store.backupTo(backupFile);
  await publish(admin, greet, "module.exports = 2");
  const before = await joinAs(first);
  const { position } = await before.untilCaughtUp();
  await before.leave();
  const keys = await first.store.tokens.publicKeys();
  await first.close();
  restoreInto({
    backupFile,
    databaseFile: first.config.databaseFile,
    replace: true,
  });

  const second = await startTestControlPlane(home);
  const restored = await adminOf(second);
  const held = [{ ...greet, version: 2, state: HeldState.WARM }];
  const after = await joinAs(second, { position, held });
  after.isAnswering = false;
  const welcome = await after.next("welcome");
  expect(welcome.resync).toBe(true);
  expect(welcome.historyId).not.toBe(position?.historyId);
  const verifier = createTokenVerifier({
    jwks: () => keys,
    isRevoked: () => false,
    now: Date.now,
  });
  expect(await verifier.verify(welcome.historyToken)).toMatchObject({
    kind: "history",
    historyId: welcome.historyId,
    parentHistoryId: position?.historyId,
  });
  const { changes } = await after.untilCaughtUp();
  const { host: shown } = await restored.hosts.getHost({ name: "host-1" });
  expect(shown?.versions).toEqual([]);
  expect(extensionOf(changes)?.version).toMatchObject({ number: 1 });
  expect(extensionOf(changes)?.version?.bundle.length).toBeGreaterThan(0);
});

test("collapses what changes while a host is slow into the latest state", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  const host = await joinAs(controlplane);
  await host.untilCaughtUp();
  host.isAnswering = false;

  await publish(admin, greet, "module.exports = 0");
  const first = await afterCaughtUps(host, "extension");
  for (let round = 1; round <= 20; round += 1)
    await admin.secrets.setSecret({
      ...greet,
      name: "ROUND",
      value: String(round),
    });
  expect(host.received.filter(isOf("greet"))).toHaveLength(1);

  host.ack(first);
  const second = await afterCaughtUps(host, "extension");
  host.ack(second);
  expect(extensionOf([second])?.secrets).toEqual({ ROUND: "20" });
  await host.next("caughtUp");
  expect(host.received.filter(isOf("greet"))).toHaveLength(2);
});

test("leaves no more than 16 bundles unanswered", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await publishMany(admin, 24);
  const host = await joinAs(controlplane);
  host.isAnswering = false;
  await host.next("welcome");
  const changes: Change[] = [];
  while (changes.filter(hasBundle).length < 16)
    changes.push(await host.next("change"));
  const bundles = changes.filter(hasBundle);

  // One answer makes room for one, and no more come than that.
  for (const change of bundles.slice(0, 3)) host.ack(change);
  for (let count = 0; count < 3; count += 1)
    changes.push(await host.next("change"));
  await admin.hosts.getHost({ name: "host-1" });
  // Keys, revocations, egress, the container, and the bundles.
  expect(host.received.filter((one) => one.$case === "change")).toHaveLength(
    4 + 19,
  );

  for (const change of bundles.slice(3)) host.ack(change);
  for (const change of changes.slice(-3)) host.ack(change);
  host.isAnswering = true;
  const rest = await host.untilCaughtUp();
  expect(changes.length + rest.changes.length).toBe(4 + 24);
});

test("tells what needs no bundle while 16 bundles are unanswered and more wait", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  await publish(admin, greet, "module.exports = 'first'");
  const host = await joinAs(controlplane);
  await host.untilCaughtUp();
  host.isAnswering = false;
  await publishMany(admin, 20);
  const bundles: Change[] = [];
  while (bundles.length < 16) bundles.push(await host.nextChange());

  await admin.extensions.updateExtension({ ...greet, enabled: false });
  const disabled = await host.nextChange();
  expect(extensionOf([disabled])).toMatchObject({ ...greet, enabled: false });
  const token = await containerTokenOf(admin, "acme");
  await admin.tokens.revokeToken({
    subject: { $case: "token", value: token },
  });
  expect(caseOf(await host.nextChange())).toBe("revocations");
  await admin.containers.createContainer({ name: "next" });
  expect(caseOf(await host.nextChange())).toBe("container");

  // What waited comes when there is room.
  host.isAnswering = true;
  for (const change of bundles) host.ack(change);
  const waited = [await host.nextChange(), await host.nextChange()];
  waited.push(await host.nextChange(), await host.nextChange());
  expect(waited.every(hasBundle)).toBe(true);
});

test("shows a refusal in host and rollout, and does not send the change again", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  await publish(admin, greet, "module.exports = 1");
  const host = await joinAs(controlplane);
  await host.untilCaughtUp();
  host.isAnswering = false;
  await publish(admin, greet, "throw new Error('top level')");
  const change = await host.next("change");
  const waiting = admin.extensions.getRollout({ ...greet, waitMs: 20_000 });
  host.nack(change, {
    reason: "threw",
    message: "top level",
    file: "index.js",
    line: 1,
    column: 7,
  });

  const { rollout } = await waiting;
  expect(rollout).toMatchObject({
    version: 2,
    subscribed: 1,
    compiled: 0,
    refused: [
      {
        host: "host-1",
        reason: "threw",
        message: expect.stringMatching(/^index\.js:1:7: top level\n/),
      },
    ],
  });
  const { host: shown } = await admin.hosts.getHost({ name: "host-1" });
  expect(shown?.versions).toMatchObject([
    { version: 1, state: HostVersionState.COMPILED },
    {
      version: 2,
      state: HostVersionState.REFUSED,
      reason: "index.js:1:7: top level",
    },
  ]);
  await host.next("caughtUp");
  // What comes next is of the next change, not of the refused one.
  await admin.containers.createContainer({ name: "next" });
  expect(caseOf(await host.next("change"))).toBe("container");
  // And when the resource changes again it is sent again.
  await admin.extensions.rollBackExtension(greet);
  const again = await afterCaughtUps(host, "extension");
  expect(extensionOf([again])?.version?.number).toBe(1);
});

test("ignores an answer whose nonce is stale", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  await publish(admin, greet, "module.exports = 1");
  const host = await joinAs(controlplane);
  const { changes } = await host.untilCaughtUp();
  const change = changes.find((one) => caseOf(one) === "extension");
  if (!change) throw new Error("no extension was sent");

  host.nack(change, { reason: "syntax", message: "too late" });
  host.nack({ ...change, nonce: "never sent" }, { reason: "syntax" });
  // The stream is in order: when this has an effect, the nacks have had theirs.
  host.send({
    message: {
      $case: "held",
      value: { ...greet, version: 1, state: HeldState.WARM },
    },
  });
  await vi.waitFor(async () => {
    const { rollout } = await admin.extensions.getRollout(greet);
    expect(rollout).toMatchObject({ warm: 1, refused: [] });
  });
});

test("counts nothing for a host that answers without a word of what it holds", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  const host = await joinAs(controlplane);
  await host.untilCaughtUp();
  host.isAnswering = false;
  await publish(admin, greet, "module.exports = 1");
  const { nonce } = await afterCaughtUps(host, "extension");
  host.send({ message: { $case: "ack", value: { nonce } } });
  // The answer has been taken once the next change may come.
  host.isAnswering = true;
  await admin.containers.createContainer({ name: "other" });
  await host.untilCaughtUp();
  const { rollout } = await admin.extensions.getRollout(greet);
  expect(rollout).toMatchObject({ subscribed: 1, stored: 0, compiled: 0 });
});

test("sends a bundle above 2 MiB in chunks before its change", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  const large = `module.exports = ${JSON.stringify("x".repeat(5 * 1024 * 1024))}`;
  await admin.extensions.publishVersion({
    ...greet,
    create: true,
    activate: true,
    entry: "index.js",
    files: [
      {
        path: "index.js",
        content: Buffer.from("module.exports = require('large')"),
      },
      {
        path: "node_modules/large/index.js",
        content: Buffer.from(large),
      },
    ],
  });
  const host = await joinAs(controlplane);
  const { changes } = await host.untilCaughtUp();
  const version = extensionOf(changes)?.version;
  const chunks = host.received.flatMap((one) =>
    one.$case === "bundleChunk" ? [one.value] : [],
  );
  const whole = Buffer.concat(chunks.map(({ content }) => content));
  const bundle = await controlplane.store.versions.readBundle(
    version?.digest ?? "",
  );

  expect(chunks.length).toBeGreaterThan(2);
  expect(chunks.every(({ content }) => content.length <= 2 ** 21)).toBe(true);
  expect(chunks.map(({ offset }) => Number(offset))).toEqual(
    chunks.map((_, index) =>
      chunks
        .slice(0, index)
        .reduce((sum, { content }) => sum + content.length, 0),
    ),
  );
  expect(chunks[0]?.totalBytes).toBe(BigInt(whole.length));
  const bundleBytes = Number(version?.bundleBytes);
  expect(whole.subarray(0, bundleBytes).equals(bundle?.content ?? whole)).toBe(
    true,
  );
  expect(whole.subarray(bundleBytes).equals(bundle?.sourceMap ?? whole)).toBe(
    true,
  );
  expect(version?.bundle).toHaveLength(0);
  const kinds = host.received.map(({ $case }) => $case);
  expect(kinds.lastIndexOf("bundleChunk")).toBeLessThan(
    kinds.lastIndexOf("change"),
  );
});

test("tells of a removed extension, and of the container that went with it", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  await publish(admin, greet, "module.exports = 1");
  const host = await joinAs(controlplane);
  await host.untilCaughtUp();
  await admin.containers.deleteContainer({ name: "acme" });
  const { changes } = await host.untilCaughtUp();
  expect(changes.map(({ resource }) => resource)).toEqual(
    expect.arrayContaining([
      { $case: "removedExtension", value: greet },
      { $case: "removedContainer", value: { container: "acme" } },
    ]),
  );
  await vi.waitFor(async () => {
    const { host: shown } = await admin.hosts.getHost({ name: "host-1" });
    expect(shown?.versions).toEqual([]);
  });
});

test("tells an extension without an active version as removed", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  await admin.extensions.publishVersion({
    ...greet,
    create: true,
    files: [{ path: "index.js", content: Buffer.from("module.exports = 1") }],
  });
  const host = await joinAs(controlplane);
  const { changes } = await host.untilCaughtUp();
  expect(changes.map(caseOf)).not.toContain("extension");
});

test("sends a named subscription its containers, what concerns every host, and nothing else", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  for (const name of ["acme", "other"]) {
    await admin.containers.createContainer({ name });
    await publish(admin, { ...greet, container: name }, "module.exports = 1");
  }
  const scope = { $case: "named" as const, value: { containers: ["acme"] } };
  const subscription = { scope };
  const host = await joinAs(controlplane, { subscription });
  const { changes } = await host.untilCaughtUp();
  expect(changes.map(caseOf)).toEqual([
    "keys",
    "revocations",
    "egress",
    "container",
    "extension",
  ]);
  expect(extensionOf(changes)?.container).toBe("acme");
  await publish(admin, { ...greet, container: "other" }, "module.exports = 2");
  const { changes: none } = await host.untilCaughtUp();
  expect(none).toEqual([]);
  const { rollout } = await admin.extensions.getRollout({
    ...greet,
    container: "other",
  });
  expect(rollout?.subscribed).toBe(0);
});

test("counts a host's way to a version in its rollout, and answers the wait when all have it", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  const hosts = [
    await joinAs(controlplane, { host: "one" }),
    await joinAs(controlplane, { host: "two" }),
  ];
  for (const host of hosts) await host.untilCaughtUp();
  for (const host of hosts) host.isAnswering = false;
  await publish(admin, greet, "module.exports = 1");
  const waiting = admin.extensions.getRollout({ ...greet, waitMs: 20_000 });
  for (const host of hosts) host.ack(await afterCaughtUps(host, "extension"));
  expect((await waiting).rollout).toMatchObject({
    version: 1,
    subscribed: 2,
    stored: 2,
    compiled: 2,
    warm: 0,
  });
});

test("counts what a host of an older history held for nothing, until it answers", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  await publish(admin, greet, "module.exports = 1");
  const host = await joinAs(controlplane, {
    position: { historyId: "another", revision: 9n },
    held: [{ ...greet, version: 1, state: HeldState.WARM }],
  });
  host.isAnswering = false;
  const { changes } = await host.untilCaughtUp();
  const { rollout } = await admin.extensions.getRollout(greet);
  expect(rollout).toMatchObject({ subscribed: 1, stored: 0, compiled: 0 });
  const waiting = admin.extensions.getRollout({ ...greet, waitMs: 20_000 });
  for (const change of changes) host.ack(change);
  expect((await waiting).rollout).toMatchObject({ subscribed: 1, compiled: 1 });
});

test("answers at once who waits for an extension without an active version", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  await admin.extensions.publishVersion({
    ...greet,
    create: true,
    files: [{ path: "index.js", content: Buffer.from("module.exports = 1") }],
  });
  const host = await joinAs(controlplane);
  await host.untilCaughtUp();
  // Beyond the test's own time.
  const waiting = admin.extensions.getRollout({ ...greet, waitMs: 60_000 });
  expect((await waiting).rollout).toMatchObject({ version: 0, subscribed: 1 });
});

test("takes no host whose gateway it could not forward to", async () => {
  const controlplane = await startTestControlPlane();
  const host = await joinAs(controlplane, { runUrl: "https://127.0.0.1:1" });
  expect(await host.ended).toMatchObject({
    code: "invalid",
    message: expect.stringContaining("https is not supported yet"),
  });
});

test("ends the stream of a host whose name another takes", async () => {
  const controlplane = await startTestControlPlane();
  const first = await joinAs(controlplane);
  await first.untilCaughtUp();
  const second = await joinAs(controlplane);
  await second.untilCaughtUp();
  expect(await first.ended).toMatchObject({ code: "conflict" });
  const admin = await adminOf(controlplane);
  const { host } = await admin.hosts.getHost({ name: "host-1" });
  expect(host?.connected).toBe(true);
});

test("refuses hosts without a join token, and drops one whose token is revoked", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  const token = await containerTokenOf(admin, "acme");
  expect(await joinWith(controlplane, token).ended).toMatchObject({
    code: "denied",
  });
  expect(await joinWith(controlplane, "nonsense").ended).toMatchObject({
    code: "unauthenticated",
  });
  const issued = await admin.tokens.issueToken({
    claims: { kind: TokenKind.JOIN },
  });
  const host = joinWith(controlplane, issued.token);
  await host.untilCaughtUp();
  await admin.tokens.revokeToken({
    subject: { $case: "token", value: issued.token },
  });
  expect(await host.ended).toMatchObject({ code: "unauthenticated" });
});

test("shows a host that left as not connected", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  const host = await joinAs(controlplane, { release: "1.2.3" });
  await host.untilCaughtUp();
  await host.leave();
  await vi.waitFor(async () => {
    const { hosts } = await admin.hosts.listHosts({});
    expect(hosts).toMatchObject([
      { name: "host-1", connected: false, release: "1.2.3" },
    ]);
  });
});

test("ends hosts' streams with unavailable when it closes", async () => {
  const controlplane = await startTestControlPlane();
  const host = await joinAs(controlplane);
  await host.untilCaughtUp();
  await controlplane.close();
  expect(await host.ended).toMatchObject({ code: "unavailable" });
});

function manyNames(count: number) {
  return Array.from({ length: count }, (_, index) => {
    return { container: "acme", extension: `extension-${index}` };
  });
}

/** Publishes so many extensions of one container, each with a bundle of its own. */
async function publishMany(
  admin: Awaited<ReturnType<typeof adminOf>>,
  count: number,
): Promise<void> {
  await admin.containers.createContainer({ name: "acme" }).catch(() => {});
  for (const name of manyNames(count))
    await publish(admin, name, `module.exports = ${name.extension.slice(10)}`);
}

function hasBundle(change: Change): boolean {
  return (extensionOf([change])?.version?.bundle.length ?? 0) > 0;
}

function caseOf({ resource }: Change): string | undefined {
  return resource?.$case;
}

function extensionOf(changes: Change[]) {
  return changes.flatMap(({ resource }) =>
    resource?.$case === "extension" ? [resource.value] : [],
  )[0];
}

function isOf(extension: string) {
  return (message: { $case: string; value: unknown }): boolean => {
    if (message.$case !== "change") return false;
    return JSON.stringify(message.value, (_key, value: unknown) =>
      typeof value === "bigint" ? String(value) : value,
    ).includes(`"extension":"${extension}"`);
  };
}

/** The next change, whatever was said of being caught up before it. */
async function afterCaughtUps(
  host: Awaited<ReturnType<typeof joinAs>>,
  kind: string,
): Promise<Change> {
  for (;;) {
    const change = await host.nextChange();
    if (caseOf(change) === kind) return change;
  }
}
