/** `annex dev`, and the other commands against what it starts. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  access,
  mkdtemp,
  readFile,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import { executorFile, repositoryRoot } from "../support/paths.ts";
import { runAnnex } from "../support/terminal.ts";

const main = join(repositoryRoot, "clients/cli/main.ts");

interface Dev {
  home: string;
  child: ChildProcess;
  /** The exit code, once it has ended. */
  ended: Promise<number | null>;
  stdout(): string;
  stderr(): string;
}

/** Starts `annex dev` on free ports and waits until it says how to end it. */
async function startDev(): Promise<Dev> {
  const home = await mkdtemp(join(tmpdir(), "annex-dev-"));
  const child = spawn(
    process.execPath,
    [main, "dev", "--home", home, "--port-base", "0"],
    {
      env: { PATH: process.env["PATH"], ANNEX_EXECUTOR_FILE: executorFile },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const ended = once(child, "close").then(
    ([code]: (number | null)[]) => code ?? null,
  );
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(home, { recursive: true, force: true });
  });
  let stdout = "";
  let stderr = "";
  child.stderr
    .setEncoding("utf8")
    .on("data", (text: string) => (stderr += text));
  const ready = new Promise<void>((resolve) => {
    createInterface(child.stdout).on("line", (line) => {
      stdout += `${line}\n`;
      if (line.includes("Ctrl-C")) resolve();
    });
  });
  await Promise.race([ready, ended]);
  expect(stderr).toBe("");
  return { home, child, ended, stdout: () => stdout, stderr: () => stderr };
}

async function childrenOf({
  child,
}: Dev): Promise<{ pid: number; command: string }[]> {
  const list = await readFile(
    `/proc/${child.pid}/task/${child.pid}/children`,
    "utf8",
  );
  const pids = list.split(" ").filter(Boolean);
  return Promise.all(
    pids.map(async (pid) => ({
      pid: Number(pid),
      command: await readFile(`/proc/${pid}/cmdline`, "utf8"),
    })),
  );
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("annex dev starts everything, its curl line works as pasted, and the other commands find it", async () => {
  const dev = await startDev();
  const file = join(dev.home, "dev.json");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const content = JSON.parse(await readFile(file, "utf8"));
  expect(Object.keys(content)).toEqual([
    "http",
    "grpc",
    "run",
    "socket",
    "admin_token",
    "container",
    "token",
  ]);
  expect((await stat(content.socket)).isSocket()).toBe(true);

  const [curl = ""] = dev.stdout().match(/^curl .*$/m) ?? [];
  const { stdout } = await promisify(execFile)("sh", ["-c", curl]);
  expect(JSON.parse(stdout)).toEqual({ hello: "world" });

  await writeFile(
    join(dev.home, "hello.js"),
    "module.exports = (ctx, cb) => cb(null, { hello: ctx.body.name, secret: ctx.secrets.K });",
  );
  const cli = (...argv: string[]) =>
    runAnnex(argv, { env: { ANNEX_HOME: dev.home }, cwd: dev.home });
  const created = await cli(
    "extension",
    "create",
    "hello.js",
    "--name",
    "hello",
    "--secret",
    "K=v",
    "--json",
  );
  expect(created).toMatchObject({
    exit: 0,
    json: {
      version: { number: 1, active: true },
      rollout: { subscribed: 1, compiled: 1 },
    },
  });
  const invoked = await cli(
    "extension",
    "invoke",
    "hello",
    "--data",
    '{"name":"you"}',
  );
  expect(invoked).toMatchObject({
    exit: 0,
    stdout: '{"hello":"you","secret":"v"}\n',
  });

  await writeFile(join(dev.home, "bad.js"), "\nthrow new Error('at the top');");
  const refused = await cli(
    "extension",
    "publish",
    "bad.js",
    "--name",
    "hello",
  );
  expect(refused.exit).toBe(3);
  expect(refused.stderr).toMatch(/threw: bad\.js:2:7: at the top/);
  expect((await cli("extension", "invoke", "hello", "--data", "{}")).exit).toBe(
    0,
  );
  expect(await cli("extension", "rollback", "hello", "--json")).toMatchObject({
    exit: 0,
    json: { extension: { active_version: 1 } },
  });

  expect(await cli("extension", "invoke", "nope")).toMatchObject({ exit: 5 });
  await cli("extension", "disable", "hello");
  await expect
    .poll(async () => (await cli("extension", "invoke", "hello")).exit)
    .toBe(6);
  expect(await cli("run", "bad.js")).toMatchObject({ exit: 9 });

  await writeFile(
    join(dev.home, "typed.ts"),
    `interface Person {
  name?: { first: string };
}
const firstOf = (person: Person): string => person.name!.first;
export default async (ctx: { body: Person & { isRead?: boolean } }) => {
  try {
    return firstOf(ctx.body);
  } catch (error) {
    if (ctx.body.isRead) return (error as Error).stack;
    throw error;
  }
};`,
  );
  await cli("extension", "create", "typed.ts", "--name", "typed");
  const thrown = await cli("extension", "invoke", "typed");
  const isRead = ["--data", '{"isRead":true}'];
  expect(thrown.exit).toBe(9);
  expect(thrown.stderr).toMatch(/TypeError: .*\n    at firstOf \(typed\.ts:4:/);
  const read = await cli("extension", "invoke", "typed", ...isRead);
  expect(JSON.parse(read.stdout)).toMatch(
    /^TypeError: .*\n    at firstOf \(\/typed\.ts:4:\d+\)\n    at \w+ \(\/typed\.ts:7:12\)$/,
  );
  expect(await cli("host", "list", "--json")).toMatchObject({
    json: { hosts: [{ connected: true }] },
  });
});

test("annex dev says so where one runs already, and leaves that one alone", async () => {
  const dev = await startDev();
  const file = join(dev.home, "dev.json");
  const before = await readFile(file, "utf8");
  const second = await runAnnex([
    "dev",
    "--home",
    dev.home,
    "--port-base",
    "0",
  ]);
  expect(second).toMatchObject({ exit: 1, stdout: "" });
  expect(second.stderr).toContain(`runs already in ${dev.home}`);
  // The same where only the lock tells.
  await rm(file);
  const third = await runAnnex(["dev", "--home", dev.home, "--port-base", "0"]);
  expect(third).toMatchObject({ exit: 1, stdout: "" });
  expect(third.stderr).toContain(dev.home);
  await writeFile(file, before, { mode: 0o600 });
  expect(
    (await runAnnex(["container", "list"], { env: { ANNEX_HOME: dev.home } }))
      .exit,
  ).toBe(0);
});

test.skipIf(process.platform !== "linux")(
  "annex dev ends both and takes dev.json away at SIGTERM",
  async () => {
    const dev = await startDev();
    const children = await childrenOf(dev);
    expect(children).toHaveLength(2);
    dev.child.kill("SIGTERM");
    expect(await dev.ended).toBe(0);
    expect(children.map(({ pid }) => isAlive(pid))).toEqual([false, false]);
    await expect(access(join(dev.home, "dev.json"))).rejects.toThrow("ENOENT");
  },
);

test.skipIf(process.platform !== "linux").each(["controlplane", "sandboxd"])(
  "annex dev ends and says why when %s was killed",
  async (name) => {
    const dev = await startDev();
    const children = await childrenOf(dev);
    const victim = children.find(({ command }) =>
      command.includes(`${name}/main.ts`),
    );
    expect(victim).toBeDefined();
    if (victim) process.kill(victim.pid, "SIGKILL");
    expect(await dev.ended).toBe(1);
    expect(dev.stderr()).toContain(`annex: ${name} was ended by SIGKILL`);
    expect(children.map(({ pid }) => isAlive(pid))).toEqual([false, false]);
    await expect(access(join(dev.home, "dev.json"))).rejects.toThrow("ENOENT");
  },
);

test.skipIf(process.platform !== "linux")(
  "both daemons end when annex dev itself is killed",
  async () => {
    const dev = await startDev();
    const children = await childrenOf(dev);
    expect(children).toHaveLength(2);
    dev.child.kill("SIGKILL");
    await vi.waitFor(
      () =>
        expect(children.map(({ pid }) => isAlive(pid))).toEqual([false, false]),
      20_000,
    );
  },
);
