import { expect, test, vi } from "vitest";
import type {
  Change,
  DeepPartial,
} from "../../../../proto/gen/annex/sync/v1/sync.ts";
import { type FakeStream, patience } from "./fake-control-plane.ts";
import { startHost, temporaryFolder, type TestHost } from "./host.ts";

const container = {
  $case: "container" as const,
  value: {
    container: "acme",
    labels: { plan: "free" },
    trustGroup: "ours",
    limits: {
      heapMb: 1,
      memoryMb: 2,
      cpuPercent: 3,
      cpuMs: 4,
      syncMs: 5,
      wallMs: 6,
      maxRunningCalls: 7,
      maxQueuedCalls: 8,
      maxExecutors: 9,
      maxEgressRequests: 10,
      maxEgressBytes: 11,
      egressMs: 12,
      egressBytesPerSecond: 13,
    },
    egressAllow: ["*.example.com"],
    egressDeny: ["bad.example.com"],
  },
};
const point = {
  $case: "point" as const,
  value: { point: "login", cpuMs: 1, syncMs: 2, wallMs: 3 },
};
const egress = {
  $case: "egress" as const,
  value: {
    internalHosts: ["db.internal"],
    deny: ["203.0.113.0/24"],
    proxies: [
      {
        name: "fixed",
        url: "http://proxy.example.com:3128",
        username: "annex",
        password: "pr0xy-s3cret",
        containers: ["acme"],
        labels: { plan: "paid" },
      },
    ],
  },
};

test("takes over what containers, points and the platform allow, and has it after a restart", async () => {
  const folder = await temporaryFolder();
  const host = await startHost(folder);
  await tell(host, container, point, egress);
  await host.sync.close();
  const { catalog } = await startHost(folder);
  for (const each of [host.catalog, catalog]) {
    const { limits, labels, trustGroup } = container.value;
    expect(each.containerSettings("acme")).toEqual({
      container: "acme",
      labels,
      trustGroup,
      limits,
      egress: { allow: ["*.example.com"], deny: ["bad.example.com"] },
    });
    expect(each.pointLimits("login")).toEqual({
      cpuMs: 1,
      syncMs: 2,
      wallMs: 3,
    });
    expect(each.egress()).toEqual(egress.value);
  }
});

test("takes a container of which nothing else is said as one with all defaults", async () => {
  const host = await startHost(await temporaryFolder());
  const bare = { container: "acme" };
  await tell(host, { $case: "container", value: bare });
  const settings = host.catalog.containerSettings("acme");
  expect(settings).toMatchObject({ labels: {}, trustGroup: "" });
  expect(Object.values(settings?.limits ?? {})).toEqual(
    Array.from({ length: 13 }, () => 0),
  );
});

test("forgets what is removed, and what a resync does not name", async () => {
  const folder = await temporaryFolder();
  const host = await startHost(folder);
  const gone = { $case: "point" as const, value: { point: "gone", wallMs: 1 } };
  const stream = await tell(host, container, point, egress, gone);
  const removed = { $case: "removedPoint" as const, value: { point: "gone" } };
  await stream.ack(stream.change(2n, removed));
  expect(host.catalog.points()).toEqual(["login"]);
  stream.caughtUp(2n);
  await reaches(host, 2n);
  await host.sync.close();

  const next = await startHost(folder);
  const resync = await next.controlPlane.stream(0);
  resync.welcome("h1", true);
  resync.change(3n, container);
  resync.caughtUp(3n);
  await reaches(next, 3n);
  await next.sync.close();
  const { catalog } = await startHost(folder);
  for (const each of [next.catalog, catalog]) {
    expect(each.containerSettings("acme")?.trustGroup).toBe("ours");
    expect(each.points()).toEqual([]);
    const nothing = { internalHosts: [], deny: [], proxies: [] };
    expect(each.egress()).toEqual(nothing);
  }
});

test("tells nobody of a change that a resync only repeats", async () => {
  const folder = await temporaryFolder();
  const first = await startHost(folder);
  await tell(first, container, point, egress);
  await first.sync.close();
  const host = await startHost(folder);
  const before = host.catalog.pointLimits("login");
  const changed = vi.fn<() => void>();
  host.catalog.onSettings(changed);
  const stream = await host.controlPlane.stream(0);
  stream.welcome("h1", true);
  for (const resource of [container, point, egress])
    await stream.ack(stream.change(2n, resource));
  stream.caughtUp(2n);
  await reaches(host, 2n);
  expect(changed).not.toHaveBeenCalled();
  expect(host.catalog.pointLimits("login")).toBe(before);
});

test("says in Hello what walls and bounds its executors", async () => {
  const host = await startHost(await temporaryFolder());
  const { hello } = await host.controlPlane.stream(0);
  expect(hello).toMatchObject({ walls: "bwrap", limits: "cgroup2" });
});

/** Tells these at revision 1 on the host's first stream. */
async function tell(
  host: TestHost,
  ...resources: DeepPartial<Change>["resource"][]
): Promise<FakeStream> {
  const stream = await host.controlPlane.stream(0);
  stream.welcome("h1");
  for (const resource of resources) {
    const ack = await stream.ack(stream.change(1n, resource));
    expect(ack.refusal).toBeUndefined();
  }
  stream.caughtUp(1n);
  await reaches(host, 1n);
  return stream;
}

function reaches(host: TestHost, revision: bigint): Promise<void> {
  return vi.waitFor(
    () => expect(host.catalog.position()?.revision).toBe(revision),
    patience,
  );
}
