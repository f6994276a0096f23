import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { AnnexError, type ErrorCode } from "../../../../proto/errors.ts";
import {
  type DevFile,
  findDevFile,
  removeDevFile,
  writeDevFile,
} from "../../../../clients/cli/dev-file.ts";
import { startFakeControlPlane } from "../../../support/fake-control-plane.ts";
import { runAnnex } from "../../../support/terminal.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "annex-cli-"));
});
afterEach(() => rm(folder, { recursive: true }));

function devFile(http: string): DevFile {
  return {
    http,
    grpc: "http://127.0.0.1:1",
    run: "http://127.0.0.1:3",
    socket: "/s",
    admin_token: "dev-token",
    container: "demo",
    token: "demo-token",
  };
}

const noHosts = { listHosts: () => ({ hosts: [] }) };

it("takes flags before environment before dev.json", async () => {
  await using first = await startFakeControlPlane(noHosts);
  await using second = await startFakeControlPlane(noHosts);
  await using third = await startFakeControlPlane(noHosts);
  await writeDevFile(folder, devFile(third.url));
  const env = {
    ANNEX_URL: second.url,
    ANNEX_TOKEN: "env-token",
    ANNEX_HOME: folder,
  };
  const list = ["host", "list"];
  expect(
    await runAnnex([...list, "--url", first.url, "--token", "flag-token"], {
      env,
    }),
  ).toMatchObject({ exit: 0 });
  expect(await runAnnex(list, { env })).toMatchObject({ exit: 0 });
  expect(await runAnnex(list, { env: { ANNEX_HOME: folder } })).toMatchObject({
    exit: 0,
  });
  expect(
    [first, second, third].map(({ calls }) =>
      calls.map((call) => call.authorization),
    ),
  ).toEqual([
    ["Bearer flag-token"],
    ["Bearer env-token"],
    ["Bearer dev-token"],
  ]);
});

it("finds dev.json in the .annex of this folder or of the nearest above", async () => {
  await using fake = await startFakeControlPlane({
    listExtensions: () => ({}),
  });
  const below = path.join(folder, "a/b");
  await mkdir(below, { recursive: true });
  await mkdir(path.join(folder, ".annex"));
  await writeDevFile(path.join(folder, ".annex"), devFile(fake.url));
  expect(await runAnnex(["extension", "list"], { cwd: below })).toMatchObject({
    exit: 0,
  });
  expect(fake.calls[0]?.request).toMatchObject({ container: "demo" });
});

it("sends dev.json's token to no other control plane", async () => {
  await using fake = await startFakeControlPlane(noHosts);
  await writeDevFile(folder, devFile("http://127.0.0.1:1"));
  await runAnnex(["host", "list"], {
    env: { ANNEX_HOME: folder, ANNEX_URL: fake.url },
  });
  expect(fake.calls.map((call) => call.authorization)).toEqual([undefined]);
});

it("says what to do where no control plane is known, or none answers", async () => {
  const unknown = await runAnnex(["host", "list", "--json"], { cwd: folder });
  expect(unknown.exit).toBe(7);
  expect(unknown.stderr).toMatch(
    /^annex: no control plane is known.*"annex dev".*ANNEX_URL/,
  );
  expect(unknown.json.error.code).toBe("unavailable");
  const gone = await runAnnex(["host", "list", "--url", "http://127.0.0.1:9"], {
    cwd: folder,
  });
  expect(gone).toMatchObject({ exit: 7, stdout: "" });
  expect(gone.stderr).toContain("http://127.0.0.1:9");
  const strange = await runAnnex(["host", "list", "--url", "localhost:7701"], {
    cwd: folder,
  });
  expect(strange.exit).toBe(2);
});

it("says which dev.json is broken", async () => {
  await writeFile(path.join(folder, "dev.json"), "{}", { mode: 0o600 });
  const broken = await runAnnex(["host", "list"], {
    env: { ANNEX_HOME: folder },
  });
  expect(broken.exit).toBe(3);
  expect(broken.stderr).toContain(path.join(folder, "dev.json"));
});

const exits = {
  invalid: 3,
  unauthenticated: 8,
  denied: 8,
  not_found: 5,
  already_exists: 6,
  conflict: 6,
  precondition: 6,
  exhausted: 3,
  unavailable: 7,
  cancelled: 1,
  deadline: 4,
  internal: 1,
} as const satisfies Record<ErrorCode, number>;

const codes: ErrorCode[] = keysOf(exits);

function keysOf<Key extends string>(table: Record<Key, unknown>): Key[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.keys forgets what the table's type says
  return Object.keys(table) as Key[];
}

it.each(codes.map((code) => [code, exits[code]] as const))(
  "ends a call refused with %s by exit code %i",
  async (code, exit) => {
    await using fake = await startFakeControlPlane({
      getContainer: () => {
        throw new AnnexError(code, "no such luck; try another");
      },
    });
    const ran = await runAnnex([
      "container",
      "get",
      "acme",
      "--url",
      fake.url,
      "--json",
    ]);
    expect(ran.exit).toBe(exit);
    expect(ran.stderr).toBe("annex: no such luck; try another\n");
    expect(ran.json).toEqual({
      error: { code, message: "no such luck; try another" },
    });
  },
);

it("writes dev.json whole, for its owner only, and takes it away", async () => {
  const file = path.join(folder, "dev.json");
  await writeFile(file, "old", { mode: 0o644 });
  await writeDevFile(folder, devFile("http://127.0.0.1:2"));
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const terminal = {
    env: { ANNEX_HOME: folder },
    cwd: "/",
    stdin: (async function* () {})(),
    stdout: { write: () => true },
    stderr: { write: () => true },
  };
  expect(await findDevFile(terminal)).toEqual(devFile("http://127.0.0.1:2"));
  await removeDevFile(folder);
  await removeDevFile(folder);
  expect(await readdir(folder)).toEqual([]);
});

it("does not believe a dev.json that others may read or write", async () => {
  await writeDevFile(folder, devFile("http://127.0.0.1:9"));
  await chmod(path.join(folder, "dev.json"), 0o666);
  const said = await runAnnex(["host", "list"], {
    env: { ANNEX_HOME: folder },
  });
  expect(said).toMatchObject({ exit: 1 });
  expect(said.stderr).toContain("is not believed");
});
