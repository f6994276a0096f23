/** Which walls are chosen, and what is said where none can be had. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import {
  brokerProgram,
  executorProgram,
} from "../../../../sandboxd/walls/program.ts";
import {
  openWalls,
  type WallsOptions,
} from "../../../../sandboxd/walls/walls.ts";
import { executorFile, repositoryRoot } from "../../../support/paths.ts";
import {
  isAlive,
  processesNaming,
  scriptProgram,
  temporaryFile,
} from "./behind.ts";

async function open(options: Partial<WallsOptions> = {}) {
  const warnings: string[] = [];
  const walls = await openWalls({
    bwrap: "bwrap",
    programs: [executorProgram(executorFile), brokerProgram(executorFile)],
    insecure: false,
    development: false,
    log: {
      info: () => undefined,
      warn: (_, message) => void warnings.push(message),
    },
    ...options,
  });
  return { walls, warnings };
}

test("this machine has walls, and they hold all they should", async () => {
  const { walls, warnings } = await open();
  expect(walls.name).toMatch(/^bwrap/);
  expect(walls.holds).toEqual(["A35", "A36", "A37", "A38", "A39", "A40"]);
  expect(warnings).toEqual([]);
});

test("without bubblewrap nothing starts, and it is said how to get it", async () => {
  await expect(open({ bwrap: "/nonexistent" })).rejects.toMatchObject({
    code: "precondition",
    message: expect.stringMatching(
      /bubblewrap is missing.*\/nonexistent.*apt-get install bubblewrap.*--insecure-no-sandbox/,
    ),
  });
});

test("a bubblewrap that builds nothing is no wall", async () => {
  await expect(open({ bwrap: "true" })).rejects.toMatchObject({
    code: "precondition",
  });
});

test("a bubblewrap that only runs what it is given is no wall", async () => {
  const fake = temporaryFile(
    "bwrap",
    `#!/bin/sh
while [ "$1" != -- ]; do shift; done
shift 2
exec ${process.execPath} "$@"`,
    0o755,
  );
  await expect(
    open({ bwrap: fake, programs: [brokerProgram(executorFile)] }),
  ).rejects.toMatchObject({
    code: "precondition",
    message: expect.stringContaining("the host's files can be read"),
  });
});

test("an executor without its packages is told where they must be", async () => {
  const file = temporaryFile("executor.cjs", "");
  await expect(open({ programs: [executorProgram(file)] })).rejects.toThrow(
    "isolated-vm/package.json in a node_modules folder",
  );
});

test("where nobody may read our files, the walls stand all the same", async () => {
  const file = temporaryFile("broker.cjs", "");
  chmodSync(dirname(file), 0o700);
  const { walls } = await open({ programs: [brokerProgram(file)] });
  expect(walls.name).toMatch(/^bwrap/);
});

test("who insists runs without walls, loudly", async () => {
  const { walls, warnings } = await open({ insecure: true });
  expect(walls).toMatchObject({ name: "none", holds: ["A39"] });
  expect(warnings).toEqual([expect.stringContaining("WITHOUT WALLS")]);
});

test("development runs with walls where it can, and without, loudly, where it cannot", async () => {
  const withWalls = await open({ development: true });
  expect(withWalls.walls.name).toMatch(/^bwrap/);
  const without = await open({ development: true, bwrap: "/nonexistent" });
  expect(without.walls.name).toBe("none");
  expect(without.warnings).toEqual([expect.stringContaining("WITHOUT WALLS")]);
});

/** What `openWalls` comes to in a process that is started by this command. */
async function openedBy(...command: string[]): Promise<string> {
  const script = `
    import { openWalls } from "${repositoryRoot}/sandboxd/walls/walls.ts";
    import { executorProgram } from "${repositoryRoot}/sandboxd/walls/program.ts";
    const log = { info() {}, warn() {} };
    const programs = [executorProgram("${executorFile}")];
    const options = { bwrap: "bwrap", programs, insecure: false, development: false, log };
    console.log(await openWalls(options).then(({ name }) => name, ({ code, message }) => code + ": " + message));`;
  const [file, ...rest] = [
    ...command,
    process.execPath,
    "--input-type=module",
    "--eval",
    script,
  ];
  const { stdout } = await promisify(execFile)(file, rest);
  return stdout.trim();
}

/** A container as its runtime leaves it: parts of /proc are covered. */
const container =
  "bwrap --unshare-user --unshare-pid --uid 0 --gid 0 --cap-add ALL --bind / / --dev-bind /dev /dev" +
  " --proc /proc --ro-bind /dev/null /proc/keys";

test("where the kernel refuses a /proc, the walls stand without", async () => {
  expect(await openedBy(...container.split(" "))).toBe("bwrap-no-proc");
});

test("where user namespaces are forbidden nothing starts, and it is said what forbids them", async () => {
  const forbidding = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"';
  const root = ["unshare", "--user", "--map-root-user"];
  const said = await openedBy(...root, "sh", "-c", forbidding, "sh");
  expect(said).toMatch(/^precondition: .*max_\*_namespaces/);
  expect(said).toMatch(/user\.max_user_namespaces.*seccompProfile/);
  expect(said).toContain("--insecure-no-sandbox");
});

test("when the supervisor is killed, nothing behind the walls is left", async () => {
  const { walls } = await open();
  const program = scriptProgram("report(1); for (;;);");
  const enclosed = walls.enclose(program);
  const script = `
    import { startEnclosed } from "${repositoryRoot}/sandboxd/walls/process.ts";
    const filter = Buffer.from("${enclosed.filter?.toString("base64")}", "base64");
    const { pipe } = startEnclosed({ command: ${JSON.stringify(enclosed.command)}, filter });
    pipe.once("data", () => console.log("started"));`;
  const supervisor = spawn(process.execPath, [
    "--input-type=module",
    "--eval",
    script,
  ]);
  await once(supervisor.stdout, "data");
  const { pid = 0 } = supervisor;
  expect(processesNaming(program.file).length).toBeGreaterThan(1);
  supervisor.kill("SIGKILL");
  await once(supervisor, "exit");
  await expect.poll(() => processesNaming(program.file)).toEqual([]);
  expect(isAlive(pid)).toBe(false);
});

test("what this process inherited open is not open behind the walls", async () => {
  const script = `
    import { openWalls } from "${repositoryRoot}/sandboxd/walls/walls.ts";
    import { executorProgram } from "${repositoryRoot}/sandboxd/walls/program.ts";
    import { spawnSync } from "node:child_process";
    const open = () => spawnSync("ls", ["/proc/self/fd"], { encoding: "utf8" }).stdout.split("\\n").includes("77");
    const log = { info() {}, warn() {} };
    const before = open();
    await openWalls({ bwrap: "bwrap", programs: [executorProgram("${executorFile}")], insecure: false, development: false, log });
    console.log(before, open());`;
  const { stdout } = await promisify(execFile)("bash", [
    "-c",
    'exec 77</dev/null; exec "$@"',
    "bash",
    process.execPath,
    "--input-type=module",
    "--eval",
    script,
  ]);
  expect(stdout.trim()).toBe("true false");
});
