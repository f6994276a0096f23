import { pino } from "pino";
import { expect, test, vi } from "vitest";
import type { Files } from "../../../sandboxd/cache/disk.ts";
import { readConfig } from "../../../sandboxd/config.ts";
import { connectControl } from "../../../sandboxd/control.ts";
import { versionKeyOf } from "../../../sandboxd/invoke/versions.ts";
import { createVerifier } from "../../../sandboxd/verifier.ts";
import { FaultyFiles } from "./cache/faulty-files.ts";
import { openIn, position, publish, temporaryFolder } from "./cache/support.ts";

const message = "it ended its executor 5 times within 60 s";

test("takes a version out of service as soon as it is told, and for good", async () => {
  const { folder, catalog, control } = await start();
  await publish(catalog, { code: "one", number: 1 });
  const releases = { quarantineReleases: 3 };
  const two = await publish(catalog, { code: "two", number: 2, ...releases });
  const { number, digest } = two.version;
  control.reportQuarantine("acme", versionKeyOf("hello", two.version), message);
  const entry = {
    container: "acme",
    extension: "hello",
    version: { number, digest },
    message,
    ...releases,
  };
  expect(catalog.quarantines("acme", "hello")).toEqual([entry]);
  const standIn = catalog.extension("acme", "hello")?.quarantine?.standIn;
  expect(standIn?.version.number).toBe(1);
  await catalog.setPosition(position); // behind what is still to be written
  const restarted = await openIn(folder);
  expect(restarted.quarantines("acme", "hello")).toEqual([entry]);
});

test("takes what stands in out of service too, where that is no better", async () => {
  const { catalog, control } = await start();
  const one = await publish(catalog, { code: "one", number: 1 });
  const two = await publish(catalog, { code: "two", number: 2 });
  for (const { version } of [two, one])
    control.reportQuarantine("acme", versionKeyOf("hello", version), message);
  expect(catalog.extension("acme", "hello")?.quarantine).toEqual({ message });
  await catalog.setPosition(position); // behind what is still to be written
});

test("keeps out of the catalog what the control plane does not know", async () => {
  const { catalog, control } = await start();
  const { version } = await publish(catalog);
  control.reportQuarantine("acme", `inline:${version.digest}`, message);
  control.reportQuarantine("acme", versionKeyOf("gone", version), message);
  control.reportQuarantine("other", versionKeyOf("hello", version), message);
  expect(catalog.held()).toEqual([
    { container: "acme", extension: "hello", version: 1 },
  ]);
});

test("goes on with a quarantine that the disk does not take, and says so", async () => {
  const faulty = new FaultyFiles();
  const { catalog, control, errors } = await start(faulty.files);
  const { version } = await publish(catalog);
  faulty.failAfter(0);
  control.reportQuarantine("acme", versionKeyOf("hello", version), message);
  await vi.waitFor(() =>
    expect(errors).toContain("quarantine is in memory alone"),
  );
  expect(catalog.extension("acme", "hello")?.quarantine).toEqual({ message });
});

async function start(files?: Files) {
  const folder = await temporaryFolder();
  const catalog = await openIn(folder, files && { files });
  const errors: string[] = [];
  const write = (line: string) => void errors.push(JSON.parse(line).msg);
  const control = connectControl({
    config: readConfig(["--home", folder], {}),
    instance: "run-1",
    catalog,
    verifier: createVerifier(catalog),
    log: pino({ level: "error" }, { write }),
  });
  return { folder, catalog, control, errors };
}
