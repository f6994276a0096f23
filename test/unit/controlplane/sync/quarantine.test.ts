/** What hosts say of versions they have taken out of service, and of their walls. */
import { expect, test, vi } from "vitest";
import { HostVersionState } from "../../../../proto/gen/annex/control/v1/host.ts";
import { HeldState } from "../../../../proto/gen/annex/sync/v1/sync.ts";
import {
  adminOf,
  publish,
  startTestControlPlane,
} from "../../../support/controlplane.ts";
import { joinAs } from "../../../support/fake-host.ts";

const greet = { container: "acme", extension: "greet" };
const message = "it ended 5 executors within 60 s: out of memory";
const quarantined = {
  ...greet,
  version: 2,
  state: HeldState.QUARANTINED,
  refusal: { reason: "quarantined", message },
};

/** Two versions on a host that has the second in quarantine. */
async function quarantinedHost() {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  await publish(admin, greet, "module.exports = 1");
  await publish(admin, greet, "module.exports = 2");
  const host = await joinAs(controlplane);
  const { position } = await host.untilCaughtUp();
  host.send({ message: { $case: "held", value: quarantined } });
  const serving = { ...greet, version: 1, state: HeldState.COMPILED };
  host.send({ message: { $case: "held", value: serving } });
  const quarantines = async () => {
    const { versions } = await admin.extensions.listVersions(greet);
    return versions.map((version) => version.quarantines);
  };
  await vi.waitFor(async () =>
    expect(await quarantines()).toEqual([[{ host: "host-1", message }], []]),
  );
  return { controlplane, admin, host, position, quarantines };
}

test("a quarantined version is shown in extension, version, rollout and host, though another serves in its place", async () => {
  const { admin, controlplane } = await quarantinedHost();
  expect(controlplane.logged).toContainEqual(
    expect.objectContaining({
      ...greet,
      version: 2,
      host: "host-1",
      msg: "host quarantined",
    }),
  );
  const { version } = await admin.extensions.getVersion({
    ...greet,
    number: 2,
  });
  expect(version?.quarantines).toEqual([{ host: "host-1", message }]);
  const { extension } = await admin.extensions.getExtension(greet);
  expect(extension?.quarantines).toEqual([{ host: "host-1", message }]);
  const { extensions } = await admin.extensions.listExtensions(greet);
  expect(extensions).toEqual([extension]);
  const activated = await admin.extensions.activateVersion({
    ...greet,
    number: 1,
    validateOnly: true,
  });
  expect(activated.extension?.quarantines).toEqual([]);
  const { rollout } = await admin.extensions.getRollout(greet);
  expect(rollout).toMatchObject({
    version: 2,
    subscribed: 1,
    stored: 0,
    compiled: 0,
    refused: [],
    quarantined: [{ host: "host-1", message }],
  });
  const { host } = await admin.hosts.getHost({ name: "host-1" });
  expect(host?.versions).toMatchObject([
    { version: 2, state: HostVersionState.QUARANTINED, reason: message },
    { version: 1, state: HostVersionState.COMPILED, reason: "" },
  ]);
});

test("who waits for a rollout is answered when the version is in quarantine", async () => {
  const { admin } = await quarantinedHost();
  const startedAt = performance.now();
  const { rollout } = await admin.extensions.getRollout({
    ...greet,
    waitMs: 60_000,
  });
  expect(rollout?.quarantined).toHaveLength(1);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

test("a release is told to hosts with its number, and ends the quarantine when they have answered", async () => {
  const { admin, host, quarantines } = await quarantinedHost();
  host.isAnswering = false;
  await admin.extensions.releaseQuarantine(greet);
  const change = await host.nextChange();
  expect(change.resource).toMatchObject({
    $case: "extension",
    value: { ...greet, version: { number: 2 }, quarantineReleases: 1 },
  });
  // It has not answered yet.
  expect(await quarantines()).toEqual([[{ host: "host-1", message }], []]);
  host.ack(change);
  await vi.waitFor(async () => expect(await quarantines()).toEqual([[], []]));
  const { rollout } = await admin.extensions.getRollout(greet);
  expect(rollout).toMatchObject({ compiled: 1, quarantined: [] });
});

test("a release ends the quarantine also of versions that are not active", async () => {
  const { admin, quarantines } = await quarantinedHost();
  await admin.extensions.rollBackExtension(greet);
  expect((await quarantines())[0]).toHaveLength(1);
  await admin.extensions.releaseQuarantine(greet);
  await vi.waitFor(async () => expect(await quarantines()).toEqual([[], []]));
});

test("a host that comes back with a quarantine is believed", async () => {
  const { controlplane, host, position, quarantines } = await quarantinedHost();
  await host.leave();
  await vi.waitFor(async () => expect(await quarantines()).toEqual([[], []]));
  const again = await joinAs(controlplane, { position, held: [quarantined] });
  await again.untilCaughtUp();
  expect(await quarantines()).toEqual([[{ host: "host-1", message }], []]);
});

test("only trying a release tells hosts nothing", async () => {
  const { admin, host, quarantines } = await quarantinedHost();
  await admin.extensions.releaseQuarantine({ ...greet, validateOnly: true });
  await admin.points.createPoint({ name: "login" });
  const { resource } = await host.nextChange();
  expect(resource?.$case).toBe("point");
  expect((await quarantines())[0]).toHaveLength(1);
  await expect(
    admin.extensions.releaseQuarantine({ ...greet, extension: "nobody" }),
  ).rejects.toMatchObject({ code: "not_found" });
});

test("a host tells what walls it and what bounds it", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  const said = { walls: "bwrap-no-proc", limits: "cgroup1" };
  await (await joinAs(controlplane, said)).untilCaughtUp();
  const { hosts } = await admin.hosts.listHosts({});
  expect(hosts).toMatchObject([{ name: "host-1", ...said }]);
  const { host } = await admin.hosts.getHost({ name: "host-1" });
  expect(host).toMatchObject(said);
});
