/** Hosts are told what holds for containers, points and the platform. */
import { expect, test } from "vitest";
import {
  adminOf,
  startTestControlPlane,
} from "../../../support/controlplane.ts";
import { joinAs, type FakeHost } from "../../../support/fake-host.ts";
import type { Change } from "../../../../proto/gen/annex/sync/v1/sync.ts";

const proxy = {
  name: "office",
  url: "socks5://proxy.example.com:1080",
  username: "annex",
  password: "correct horse battery staple",
  containers: ["acme"],
  labels: { plan: "enterprise" },
};

const settings = {
  labels: { plan: "enterprise" },
  trustGroup: "ours",
  limits: { cpuMs: 50 },
  egress: { allow: ["api.example.com"], deny: ["10.0.0.0/8"] },
};

const toldSettings = {
  container: "acme",
  labels: { plan: "enterprise" },
  trustGroup: "ours",
  limits: { cpuMs: 50, heapMb: 0 },
  egressAllow: ["api.example.com"],
  egressDeny: ["10.0.0.0/8"],
};

/** What a host is told until it is caught up, without nonces. */
async function told(host: FakeHost): Promise<Change["resource"][]> {
  const { changes } = await host.untilCaughtUp();
  return changes.map(({ resource }) => resource);
}

test("a new host is told of every setting, egress with its passwords, before any extension", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme", ...settings });
  await admin.points.createPoint({ name: "login", limits: { wallMs: 500 } });
  await admin.egress.updateEgress({
    egress: { internalHosts: ["db:5432"], deny: ["a.com"], proxies: [proxy] },
  });
  const changes = await told(await joinAs(controlplane));
  expect(changes.slice(2)).toEqual([
    {
      $case: "egress",
      value: { internalHosts: ["db:5432"], deny: ["a.com"], proxies: [proxy] },
    },
    {
      $case: "point",
      value: { point: "login", cpuMs: 0, syncMs: 0, wallMs: 500 },
    },
    {
      $case: "container",
      value: expect.objectContaining({ trustGroup: "ours" }),
    },
  ]);
  expect(changes.at(-1)?.value).toMatchObject(toldSettings);
});

test("a connected host is told once of each change, and nothing where nothing changed", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  const host = await joinAs(controlplane);
  await host.untilCaughtUp();

  await admin.containers.updateContainer({
    name: "acme",
    ...settings,
    labels: { values: settings.labels },
  });
  const [container, ...others] = await told(host);
  expect(container).toMatchObject({ $case: "container", value: toldSettings });
  expect(others).toEqual([]);

  const egress = { proxies: [proxy] };
  await admin.egress.updateEgress({ egress });
  expect(await told(host)).toMatchObject([{ $case: "egress", value: egress }]);

  await admin.points.createPoint({ name: "login" });
  expect(await told(host)).toMatchObject([
    { $case: "point", value: { point: "login", wallMs: 0 } },
  ]);
  await admin.points.updatePoint({ name: "login", limits: { wallMs: 9 } });
  expect(await told(host)).toMatchObject([
    { $case: "point", value: { point: "login", wallMs: 9 } },
  ]);

  // None of these changes anything; the next thing told is the next change.
  await admin.containers.updateContainer({ name: "acme", trustGroup: "ours" });
  await admin.egress.updateEgress({ egress });
  await admin.points.updatePoint({ name: "login", limits: { wallMs: 9 } });
  await admin.points.deletePoint({ name: "login" });
  expect(await told(host)).toEqual([
    { $case: "removedPoint", value: { point: "login" } },
  ]);
});

test("a host that comes back is told of what was set, and what went, while it was away", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  await admin.containers.createContainer({ name: "other" });
  await admin.points.createPoint({ name: "login" });
  await admin.points.createPoint({ name: "logout" });
  const before = await joinAs(controlplane);
  const { position } = await before.untilCaughtUp();
  await before.leave();

  await admin.points.deletePoint({ name: "logout" });
  for (const trustGroup of ["first", "second"])
    await admin.containers.updateContainer({ name: "acme", trustGroup });
  const after = await joinAs(controlplane, { position });
  expect(await told(after)).toMatchObject([
    { $case: "removedPoint", value: { point: "logout" } },
    { $case: "container", value: { container: "acme", trustGroup: "second" } },
  ]);
});

test("points and egress concern every host, containers' settings only those that subscribe", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  for (const name of ["acme", "other"])
    await admin.containers.createContainer({ name });
  const host = await joinAs(controlplane, {
    subscription: {
      scope: { $case: "named", value: { containers: ["other"] } },
    },
  });
  await host.untilCaughtUp();
  await admin.containers.updateContainer({ name: "acme", trustGroup: "ours" });
  await admin.points.createPoint({ name: "login" });
  const { resource } = await host.nextChange();
  expect(resource).toMatchObject({ $case: "point" });
});

test("a host of named containers is told no passwords of proxies that carry none of them, nor whom else they carry", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  const { password } = proxy;
  const proxyOf = (name: string, containers: string[], labels = {}) => ({
    ...proxy,
    name,
    password: `${password} ${name}`,
    containers,
    labels,
  });
  const proxies = [
    proxyOf("theirs", ["acme"]),
    proxyOf("both", ["acme", "other"]),
    proxyOf("labelled", ["acme"], { plan: "paid" }),
    proxyOf("everybody", []),
  ];
  await admin.egress.updateEgress({ egress: { proxies } });
  const host = await joinAs(controlplane, {
    subscription: {
      scope: { $case: "named", value: { containers: ["other"] } },
    },
  });
  const egress = (await told(host)).find((one) => one?.$case === "egress");
  expect(egress?.value).toMatchObject({
    proxies: [
      proxyOf("both", ["other"]),
      proxyOf("labelled", [], { plan: "paid" }),
      proxyOf("everybody", []),
    ],
  });
});

test("a deleted container's settings go with it", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme", ...settings });
  const host = await joinAs(controlplane);
  await host.untilCaughtUp();
  await admin.containers.deleteContainer({ name: "acme" });
  expect(await told(host)).toEqual([
    { $case: "removedContainer", value: { container: "acme" } },
  ]);
  const { container } = await admin.containers.createContainer({
    name: "acme",
  });
  expect(container).toMatchObject({ labels: {}, trustGroup: "" });
});
