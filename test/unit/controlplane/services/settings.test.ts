/** What an admin sets for containers, points and the platform, through both wires. */
import { describe, expect, test } from "vitest";
import {
  adminOf,
  callersOf,
  containerTokenOf,
  publish,
  startTestControlPlane,
  wires,
} from "../../../support/controlplane.ts";

const greet = { container: "acme", extension: "greet" };
const password = "correct horse battery staple";
const office = {
  name: "office",
  url: "socks5://proxy.example.com:1080",
  username: "annex",
  password,
  labels: { plan: "enterprise" },
  addresses: ["192.0.2.7", "2001:db8::/64"],
};

describe.each(wires)("over %s", (wire) => {
  test("creates a container with its settings, and updates what a request sets", async () => {
    const admin = await adminOf(await startTestControlPlane(), wire);
    const { container: created } = await admin.containers.createContainer({
      name: "acme",
      labels: { plan: "enterprise" },
      trustGroup: "ours",
      limits: { cpuMs: 50 },
      egress: { allow: ["API.example.com:443"] },
    });
    expect(created).toMatchObject({
      labels: { plan: "enterprise" },
      trustGroup: "ours",
      limits: { cpuMs: 50, heapMb: 0 },
      egress: { allow: ["api.example.com:443"], deny: [] },
    });
    const { container: limited } = await admin.containers.updateContainer({
      name: "acme",
      etag: created?.etag ?? "",
      limits: { heapMb: 64 },
    });
    expect(limited).toEqual({
      ...created,
      limits: { ...created?.limits, cpuMs: 0, heapMb: 64 },
      etag: limited?.etag,
    });
    const { container: bare } = await admin.containers.updateContainer({
      name: "acme",
      trustGroup: "",
      labels: {},
      egress: {},
    });
    expect(bare).toMatchObject({
      labels: {},
      trustGroup: "",
      limits: { heapMb: 64 },
      egress: { allow: [], deny: [] },
    });
    expect(await admin.containers.getContainer({ name: "acme" })).toEqual({
      container: bare,
    });
    await expect(
      admin.containers.updateContainer({
        name: "acme",
        etag: created?.etag ?? "",
        trustGroup: "late",
      }),
    ).rejects.toMatchObject({ code: "conflict" });
  });

  test("refuses a limit out of its range by field, value and range", async () => {
    const admin = await adminOf(await startTestControlPlane(), wire);
    await expect(
      admin.containers.createContainer({ name: "acme", limits: { heapMb: 8 } }),
    ).rejects.toMatchObject({
      code: "invalid",
      message:
        "limits.heap_mb is 8: it is 16 to 4096, or 0 for the host's default",
    });
    expect((await admin.containers.listContainers({})).containers).toEqual([]);
  });

  test("replaces a point's limits, and refuses to guess what they are to be", async () => {
    const admin = await adminOf(await startTestControlPlane(), wire);
    const { point } = await admin.points.createPoint({
      name: "login",
      limits: { wallMs: 500 },
    });
    expect(point?.limits).toEqual({ cpuMs: 0, syncMs: 0, wallMs: 500 });
    await expect(
      admin.points.updatePoint({ name: "login" }),
    ).rejects.toMatchObject({ code: "invalid" });
    const updated = await admin.points.updatePoint({
      name: "login",
      limits: { cpuMs: 20 },
      etag: point?.etag ?? "",
    });
    expect(updated.point?.limits).toEqual({ cpuMs: 20, syncMs: 0, wallMs: 0 });
    expect((await admin.points.listPoints({})).points).toEqual([updated.point]);
  });

  test("keeps the platform's egress, and never tells or logs a password", async () => {
    const controlplane = await startTestControlPlane();
    const admin = await adminOf(controlplane, wire);
    const { egress: empty } = await admin.egress.getEgress({});
    const answers: unknown[] = [];
    const egress = {
      internalHosts: ["db.internal:5432"],
      deny: ["*.example.net"],
      proxies: [office],
    };
    const etag = empty?.etag ?? "";
    const { egress: updated } = await admin.egress.updateEgress({
      egress,
      etag,
    });
    expect(updated).toMatchObject({
      ...egress,
      proxies: [{ ...office, password: "", containers: [] }],
    });
    answers.push(updated, await admin.egress.getEgress({}));
    answers.push(await admin.egress.listEgressAddresses({}));
    for (const refused of [
      { egress, etag },
      { egress: { proxies: [{ ...office, url: `http://u:${password}@h:1` }] } },
      { egress: { proxies: [{ ...office, username: "" }] } },
      { egress: { proxies: [{ ...office, password: `${password}\n` }] } },
      {},
    ])
      answers.push(
        await admin.egress.updateEgress(refused).catch((thrown) => {
          expect(thrown).toHaveProperty("message");
          return String(thrown);
        }),
      );
    expect(answers).toHaveLength(8);
    expect(JSON.stringify([answers, controlplane.logged])).not.toContain(
      "battery",
    );
    expect((await admin.egress.getEgress({})).egress).toEqual(updated);
  });

  test("tells from where a container's connections come", async () => {
    const controlplane = await startTestControlPlane();
    const admin = await adminOf(controlplane, wire);
    await admin.containers.createContainer({
      name: "acme",
      labels: { plan: "enterprise" },
    });
    await admin.containers.createContainer({ name: "other" });
    const named = {
      ...office,
      name: "named",
      labels: {},
      containers: ["acme"],
    };
    await admin.egress.updateEgress({ egress: { proxies: [office, named] } });
    const acme = await admin.egress.listEgressAddresses({ container: "acme" });
    const { addresses } = office;
    expect(acme).toEqual({
      proxies: [{ proxy: "office", addresses }],
      direct: false,
    });
    const other = { container: "other" };
    expect(await admin.egress.listEgressAddresses(other)).toEqual({
      proxies: [],
      direct: true,
    });
    expect(await admin.egress.listEgressAddresses({})).toEqual({
      proxies: [
        { proxy: "office", addresses },
        { proxy: "named", addresses },
      ],
      direct: true,
    });
    const all = { ...office, name: "all", labels: {} };
    await admin.egress.updateEgress({ egress: { proxies: [office, all] } });
    expect(await admin.egress.listEgressAddresses({})).toMatchObject({
      direct: false,
    });
    expect(await admin.egress.listEgressAddresses(other)).toMatchObject({
      proxies: [{ proxy: "all" }],
    });
    await expect(
      admin.egress.listEgressAddresses({ container: "nobody" }),
    ).rejects.toMatchObject({ code: "not_found" });
  });

  test("lets a container's manager see its addresses and release its quarantines, and change no settings", async () => {
    const controlplane = await startTestControlPlane();
    const admin = await adminOf(controlplane, wire);
    await admin.containers.createContainer({ name: "acme" });
    await admin.containers.createContainer({ name: "other" });
    await admin.points.createPoint({ name: "login" });
    await publish(admin, greet, "module.exports = 1");
    const token = await containerTokenOf(admin, "acme");
    const manager = callersOf(controlplane, wire, token);
    await manager.egress.listEgressAddresses({ container: "acme" });
    const { extension } = await manager.extensions.releaseQuarantine(greet);
    expect(extension).toMatchObject({ name: "greet", activeVersion: 1 });
    const name = "acme";
    for (const refused of [
      () => manager.egress.getEgress({}),
      () => manager.egress.updateEgress({ egress: {} }),
      () => manager.egress.listEgressAddresses({}),
      () => manager.egress.listEgressAddresses({ container: "other" }),
      () => manager.containers.updateContainer({ name, limits: {} }),
      () => manager.points.updatePoint({ name: "login", limits: {} }),
      () =>
        manager.extensions.releaseQuarantine({ ...greet, container: "other" }),
    ])
      await expect(refused()).rejects.toMatchObject({ code: "denied" });
  });
});
