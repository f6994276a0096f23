import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { PlatformEgress } from "../../../../sandboxd/cache/catalog.ts";
import { fileNameOf, seal } from "../../../../sandboxd/cache/sealed.ts";
import { FaultyFiles } from "./faulty-files.ts";
import {
  extensionOf,
  openIn,
  position,
  publish,
  settingsOf,
  temporaryFolder,
} from "./support.ts";

const acme = settingsOf("acme", {
  labels: { plan: "free", historyId: "h", revision: "7" },
  trustGroup: "ours",
  limits: { wallMs: 300, cpuMs: 50 },
  egress: { allow: ["*.example.com:443"], deny: ["bad.example.com"] },
});
const login = { cpuMs: 20, syncMs: 10, wallMs: 200 };
const egress: PlatformEgress = {
  internalHosts: ["db.internal:5432"],
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
};

test("has after a restart the settings it was told, and forgets what was removed", async () => {
  const folder = await temporaryFolder();
  const before = await openIn(folder);
  await before.putContainer(acme);
  await before.putPoint("login", login);
  await before.putPoint("gone", login);
  await before.putEgress(egress);
  await before.removePoint("gone");
  for (const catalog of [before, await openIn(folder)]) {
    expect(catalog.containerSettings("acme")).toEqual(acme);
    expect(catalog.containerSettings("other")).toBeUndefined();
    expect(catalog.points()).toEqual(["login"]);
    expect(catalog.pointLimits("login")).toEqual(login);
    expect(catalog.pointLimits("gone")).toBeUndefined();
    expect(catalog.egress()).toEqual(egress);
  }
  await before.removeContainer("acme");
  for (const catalog of [before, await openIn(folder)]) {
    expect(catalog.containerSettings("acme")).toBeUndefined();
    expect(catalog.hasContainer("acme")).toBe(false);
  }
});

test("says nothing of egress until something was said", async () => {
  const catalog = await openIn(await temporaryFolder());
  const nothing = { internalHosts: [], deny: [], proxies: [] };
  expect(catalog.egress()).toEqual(nothing);
});

test("keeps the passwords of proxies from other users of the machine", async () => {
  const folder = await temporaryFolder();
  const catalog = await openIn(folder);
  await catalog.putEgress(egress);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(join(folder, "egress"))).mode & 0o777).toBe(0o600);
});

test("tells of settings that have changed, and stays the same where they have not", async () => {
  const catalog = await openIn(await temporaryFolder());
  const told = vi.fn<(container: string | undefined) => void>();
  const ignore = catalog.onSettings(told);
  await catalog.putContainer(acme);
  await catalog.putEgress(egress);
  const known = [catalog.containerSettings("acme"), catalog.egress()];
  await catalog.putContainer(structuredClone(acme));
  await catalog.putEgress(structuredClone(egress));
  await catalog.removeContainer("other");
  expect([catalog.containerSettings("acme"), catalog.egress()]).toEqual(known);
  expect(catalog.containerSettings("acme")).toBe(known[0]);
  expect(catalog.egress()).toBe(known[1]);
  expect(told.mock.calls).toEqual([["acme"], [undefined]]);
  await catalog.removeContainer("acme");
  expect(told).toHaveBeenLastCalledWith("acme");
  ignore();
  await catalog.putContainer(acme);
  expect(told).toHaveBeenCalledTimes(3);
});

test("writes nothing for what is told again unchanged", async () => {
  const faulty = new FaultyFiles();
  const options = { files: faulty.files };
  const catalog = await openIn(await temporaryFolder(), options);
  const tell = async () => {
    await catalog.putContainer(structuredClone(acme));
    await catalog.putPoint("login", { ...login });
    await catalog.putEgress(structuredClone(egress));
  };
  await tell();
  const steps = faulty.steps.length;
  await tell();
  expect(faulty.steps).toHaveLength(steps);
});

test("holds settings in memory while the disk is full, and writes them when told again", async () => {
  const folder = await temporaryFolder();
  const faulty = new FaultyFiles();
  const catalog = await openIn(folder, { files: faulty.files });
  faulty.failAfter(0);
  const tell = () => [
    catalog.putContainer(acme),
    catalog.putPoint("login", login),
    catalog.putEgress(egress),
  ];
  for (const result of await Promise.allSettled(tell()))
    expect(result).toMatchObject({ reason: { code: "unavailable" } });
  expect(catalog.containerSettings("acme")).toEqual(acme);
  expect(catalog.pointLimits("login")).toEqual(login);
  expect(catalog.egress()).toEqual(egress);
  faulty.heal();
  await Promise.all(tell());
  const restarted = await openIn(folder);
  expect(restarted.containerSettings("acme")).toEqual(acme);
  expect(restarted.pointLimits("login")).toEqual(login);
  expect(restarted.egress()).toEqual(egress);
});

test("has on disk what was told last, however fast it was told", async () => {
  const folder = await temporaryFolder();
  const catalog = await openIn(folder);
  const tellings = Array.from({ length: 50 }, (_, wallMs) =>
    catalog.putPoint("login", { ...login, wallMs }),
  );
  tellings.push(catalog.removePoint("login"));
  tellings.push(catalog.putPoint("login", login));
  await Promise.all(tellings);
  expect((await openIn(folder)).pointLimits("login")).toEqual(login);
});

test("reads the records of a former release as defaults", async () => {
  const folder = await temporaryFolder();
  await publish(await openIn(folder));
  const { quarantineReleases: _, ...extension } = extensionOf();
  const former = { ...extension, position: { historyId: "h1", revision: "7" } };
  await writeSealed(folder, ["containers", fileNameOf("acme")], {
    container: "acme",
  });
  await writeSealed(
    folder,
    ["extensions", fileNameOf("acme", "hello")],
    former,
  );
  await writeSealed(folder, ["position"], former.position);

  const warnings: string[] = [];
  const catalog = await openIn(folder, { warnings });
  expect(warnings).toEqual([]);
  expect(catalog.position()).toEqual(position);
  expect(catalog.containerSettings("acme")).toEqual(settingsOf("acme"));
  expect(catalog.extension("acme", "hello")).toEqual(extensionOf());
  expect(catalog.egress().deny).toEqual([]);
});

for (const lost of ["containers", "egress"])
  test(`lets nothing out where the record of ${lost} is damaged, until it is told again`, async () => {
    const folder = await temporaryFolder();
    const before = await openIn(folder);
    await publish(before);
    await before.putContainer(acme);
    await before.putEgress(egress);
    await before.setPosition(position);
    const [name = ""] =
      lost === "egress" ? [""] : await readdir(join(folder, lost));
    const path = join(folder, lost, name);
    await writeFile(path, (await readFile(path)).subarray(0, 90));

    await openIn(folder);
    const after = await openIn(folder); // and once more without having heard of anybody
    expect(after.position()?.revision).toBe(0n);
    const settings = after.containerSettings("acme")?.egress;
    const closed = lost === "egress" ? after.egress() : settings;
    expect(closed?.deny).toEqual(["0.0.0.0/0", "::/0"]);
    if (lost === "containers")
      expect(settings?.allow).toEqual(["nothing.invalid"]);

    const told = vi.fn<() => void>();
    after.onSettings(told);
    await after.putContainer(acme);
    await after.putEgress(egress);
    await after.setPosition({ ...position, revision: 8n });
    expect(told).toHaveBeenCalledTimes(1);
    for (const catalog of [after, await openIn(folder)]) {
      expect(catalog.containerSettings("acme")).toEqual(acme);
      expect(catalog.egress()).toEqual(egress);
    }
  });

async function writeSealed(
  folder: string,
  path: readonly string[],
  value: object,
): Promise<void> {
  const parts = await seal([Buffer.from(JSON.stringify(value))]);
  await writeFile(join(folder, ...path), Buffer.concat(parts));
}
