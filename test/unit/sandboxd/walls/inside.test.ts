/** What code finds that has broken out of V8. */
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout } from "node:timers/promises";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  brokerProgram,
  executorProgram,
} from "../../../../sandboxd/walls/program.ts";
import type { Enclosed } from "../../../../sandboxd/walls/process.ts";
import {
  numberOf,
  type SyscallName,
} from "../../../../sandboxd/walls/seccomp/numbers.ts";
import { rulesFor } from "../../../../sandboxd/walls/seccomp/refused.ts";
import { openWalls, type Walls } from "../../../../sandboxd/walls/walls.ts";
import { executorFile } from "../../../support/paths.ts";
import {
  callWith,
  startTestSupervisor,
  versionOf,
} from "../../../support/supervisor.ts";
import {
  descriptorsOf,
  family,
  isAlive,
  mountsOf,
  processesNaming,
  scriptProgram,
  start,
  statusOf,
  temporaryFile,
  wallsWith,
} from "./behind.ts";
import { answersIn, oldCallProgram, rawCallsProgram } from "./raw-calls.ts";

const silent = { info: () => undefined, warn: () => undefined };
const waits = "setInterval(() => undefined, 1e6); report('started');";

let best: Walls;
beforeAll(async () => {
  best = await openWalls({
    bwrap: "bwrap",
    programs: [executorProgram(executorFile)],
    insecure: false,
    development: false,
    log: silent,
  });
});

describe.each([
  ["with /proc", true],
  ["without /proc", false],
])("behind the walls %s", (_, hasProc) => {
  const walls = wallsWith(hasProc);

  test("an executor answers", async () => {
    const { supervisor } = await startTestSupervisor(
      {},
      { walls: { name: "bwrap", holds: [], ...walls } },
    );
    const version = versionOf("module.exports = (ctx, cb) => cb(null, 42);");
    const { outcome } = await supervisor.run(version, callWith({}));
    expect(outcome).toMatchObject({ kind: "answered" });
  });

  test("there are no files but the program's, and none can be written", async () => {
    const { reported } = start(
      walls.enclose(
        scriptProgram(`
          const codeOf = (act) => { try { act(); return "done"; } catch ({ code }) { return code; } };
          report({
            root: fs.readdirSync("/"),
            app: fs.readdirSync("/app"),
            write: ["/x", "/app/x", "/lib/x", "/app/script.cjs"].map((file) => codeOf(() => fs.writeFileSync(file, ""))),
            host: ["/etc/passwd", "/home", "/dev", "/tmp", "/sys", "/var", "/run"].map((file) => codeOf(() => fs.statSync(file))),
            environment: process.env,
          });`),
      ),
    );
    const system = ["app", "lib", "lib64", "proc", "usr"];
    expect(await reported()).toEqual({
      root: expect.toSatisfy((names: string[]) =>
        names.every((name) => system.includes(name)),
      ),
      app: ["node", "script.cjs"],
      write: ["EROFS", "EROFS", "EROFS", "EROFS"],
      host: Array.from({ length: 7 }, () => "ENOENT"),
      environment: {
        PWD: "/app",
        LD_LIBRARY_PATH: expect.stringContaining("/lib"),
      },
    });
  });

  test("it has no privileges and a filter, seen from outside", async () => {
    const { pid, reported } = start(walls.enclose(scriptProgram(waits)));
    await reported();
    for (const inner of family(pid).slice(1)) {
      const status = statusOf(inner);
      for (const set of ["CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"])
        expect(status.get(set), set).toBe("0000000000000000");
      expect(status.get("NoNewPrivs")).toBe("1");
      expect(status.get("Seccomp")).toBe("2");
    }
    expect(family(pid)).toHaveLength(3);
  });

  test("every mount is read-only, seen from outside", async () => {
    const { pid, reported } = start(walls.enclose(scriptProgram(waits)));
    await reported();
    const mounts = mountsOf(family(pid).at(-1) ?? 0);
    expect(mounts.filter(({ options }) => !options.includes("ro"))).toEqual([]);
    expect(mounts.some(({ path }) => path === "/")).toBe(true);
    expect(mounts.some(({ type }) => type === "proc")).toBe(hasProc);
  });

  test("nothing is open but the pipe and where stderr goes, seen from outside", async () => {
    const { pid, reported } = start(walls.enclose(scriptProgram(waits)));
    await reported();
    const {
      0: stdin,
      1: stdout,
      2: stderr,
      3: pipe,
      ...others
    } = Object.fromEntries(descriptorsOf(family(pid).at(-1) ?? 0));
    expect([stdin, stdout]).toEqual(["/dev/null", "/dev/null"]);
    expect([stderr, pipe]).toEqual([
      expect.stringMatching(/^socket:/),
      expect.stringMatching(/^socket:/),
    ]);
    // Node's own, which lead nowhere.
    const kinds = Object.values(others).filter(
      (other) => !/^(anon_inode:|pipe:)/.test(other),
    );
    expect(kinds).toEqual([]);
  });

  test("the host's sockets cannot be reached", async () => {
    const { port, callers } = await listen({ port: 0, host: "127.0.0.1" });
    const name = `\0annex-test-${process.pid}-${hasProc}`;
    const named = await listen({ path: name });
    const connect = `
      const net = require("node:net");
      const codeOf = (options) => new Promise((resolve) =>
        net.connect(options).on("connect", () => resolve("connected")).on("error", ({ code }) => resolve(code)));
      Promise.all([codeOf({ host: "127.0.0.1", port: ${port} }), codeOf({ host: "::1", port: ${port} }), codeOf({ path: ${JSON.stringify(name)} })]).then(report);`;
    const { reported } = start(walls.enclose(scriptProgram(connect)));
    expect(await reported()).toEqual([
      "EAFNOSUPPORT",
      "EAFNOSUPPORT",
      "EAFNOSUPPORT",
    ]);
    expect([callers(), named.callers()]).toEqual([0, 0]);
  });

  test("no process can be started, and none of the host be seen or ended", async () => {
    const { reported } = start(
      walls.enclose(
        scriptProgram(`
          const codeOf = (act) => { try { act(); return "done"; } catch ({ code }) { return code; } };
          report({
            start: require("node:child_process").spawnSync("/app/node", ["-v"]).error?.code,
            kill: codeOf(() => process.kill(${process.pid}, 0)),
            seen: fs.existsSync("/proc") ? fs.readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name)) : [],
          });`),
      ),
    );
    expect(await reported()).toEqual({
      start: expect.stringMatching(/^E/),
      kill: "ESRCH",
      seen: hasProc ? ["1", "2"] : [],
    });
  });
});

test("where root starts it, it is nobody outside too", async () => {
  const { pid, reported } = start(best.enclose(scriptProgram(waits)));
  await reported();
  const isRoot = process.getuid?.() === 0;
  const expected = isRoot ? 65534 : process.getuid?.();
  for (const inner of family(pid))
    expect(statusOf(inner).get("Uid")?.split("\t")).toEqual(
      Array.from({ length: 4 }, () => String(expected)),
    );
});

test("killing the outermost process ends all of it", async () => {
  const { pid, kill, ended, reported } = start(
    best.enclose(scriptProgram("report('started'); for (;;);")),
  );
  await reported();
  const all = family(pid);
  expect(all).toHaveLength(3);
  kill();
  await ended;
  await expect.poll(() => all.filter(isAlive)).toEqual([]);
});

test("killed while the walls are being built, nothing is left", async () => {
  const program = scriptProgram(waits);
  const enclosed = best.enclose(program);
  for (let round = 0; round < 25; round++) {
    const { kill, ended } = start(enclosed);
    await setTimeout(round);
    kill();
    await ended;
  }
  await expect.poll(() => processesNaming(program.file)).toEqual([]);
});

test("a broker resolves names and connects, and has no other way out", async () => {
  const { port, callers } = await listen({ port: 0, host: "127.0.0.1" });
  const program = scriptProgram(
    `const net = require("node:net"), dns = require("node:dns");
     const codeOf = (options) => new Promise((resolve) =>
       net.connect(options).on("connect", () => resolve("connected")).on("error", ({ code }) => resolve(code)));
     const listens = () => new Promise((resolve) => net.createServer().on("error", ({ code }) => resolve(code)).listen(0, "127.0.0.1", () => resolve("listens")));
     Promise.all([
       codeOf({ host: "127.0.0.1", port: ${port} }), codeOf({ path: "\\0annex" }), listens(),
       dns.promises.lookup("localhost").then(({ address }) => /^(127|::1)/.test(address), ({ code }) => code),
       fs.existsSync("/etc/passwd"),
     ]).then(report);`,
    brokerProgram(executorFile),
  );
  const { reported } = start(best.enclose(program));
  expect(await reported()).toEqual([
    "connected",
    "EAFNOSUPPORT",
    "EPERM",
    true,
    false,
  ]);
  expect(callers()).toBe(1);
});

// The two below put a program of x86-64 together; on arm64 the assembler's tests speak for the filter.
describe.runIf(process.arch === "x64")("the kernel", () => {
  test("refuses each call of the list as the list says", async () => {
    const rules = rulesFor(false).filter(({ unless }) => unless === undefined);
    const calls = rules.map(({ call }) => number(call));
    const answers = await answersBehind(calls.map((call) => [call]));
    expect(rules.map(({ call }, index) => [call, answers[index]])).toEqual(
      rules.map(({ call, errno }) => [call, -errno]),
    );
  });

  test("refuses by argument, newer calls and x32's, and answers the rest", async () => {
    const newUser = 0x10000000;
    expect(
      await answersBehind([
        [number("clone"), 17],
        [number("clone"), newUser | 17],
        [number("ioctl"), 0, 0x5412],
        [number("ioctl"), 0, 0x100005412],
        [number("personality"), 0x40000],
        [number("personality"), 0],
        [451],
        [0x40000000 + 39],
        [39],
      ]),
    ).toEqual([-1, -1, -1, -1, -1, 0, -38, -38, 2]);
  });

  test("kills what calls as i386 programs do", async () => {
    const { ended } = start(behind(oldCallProgram()));
    expect((await ended).how).toBe("ended by SIGSYS");
  });
});

function number(name: SyscallName): number {
  return numberOf(name, "x64") ?? -1;
}

async function answersBehind(calls: number[][]): Promise<number[]> {
  const { pipe, ended } = start(behind(rawCallsProgram(calls)));
  const chunks = await pipe.toArray();
  expect((await ended).how).toBe("exited with code 0");
  return answersIn(Buffer.concat(chunks as Buffer[]));
}

/** The walls of an executor, with another program behind them. */
function behind(executable: Buffer): Enclosed {
  const file = temporaryFile("program", executable, 0o755);
  const program = executorProgram(executorFile);
  const { command, filter } = best.enclose({ ...program, hostFiles: [file] });
  const walled = command.slice(0, command.lastIndexOf("/app/node"));
  return { command: [...walled, file], ...(filter && { filter }) };
}

/** A server of the host, which counts who came. */
async function listen(
  options: { port: number; host: string } | { path: string },
): Promise<{ port: number; callers: () => number }> {
  let callers = 0;
  const server = createServer((socket) => {
    callers++;
    socket.destroy();
  });
  server.listen(options);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return { port, callers: () => callers };
}
