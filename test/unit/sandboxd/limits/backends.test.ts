/** This machine's own backend and the one that is left where there is none, with real processes that try to use too much. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import type {
  Enclosure,
  Limits,
  ProcessLimits,
} from "../../../../sandboxd/limits/limits.ts";
import { openLimits } from "../../../../sandboxd/limits/open.ts";
import { repositoryRoot } from "../../../support/paths.ts";

const roomy: ProcessLimits = { memoryMb: 384, cpuPercent: 200 };
const maxProcesses = 40;
const maxOpenFiles = 64;
/** How far above its limit a process may be seen where no kernel stands in its way. */
const overshootMb = 96;

/** Fills memory as fast as it can, and tells how much it has; ends by itself at 1 GiB. */
const bomb = `
  const { writeSync } = require("node:fs");
  const kept = [];
  setTimeout(() => {
    while (kept.length < 256) {
      kept.push(Buffer.alloc(4 << 20, 1));
      writeSync(1, (process.memoryUsage.rss() >> 20) + "\\n");
    }
  }, 200);`;
const sleeper = `console.log("up"); setInterval(() => {}, 1000);`;

describe.each(["auto", "rlimit"] as const)("limits: %s", (choice) => {
  test("kills a memory bomb near its limit, and nobody else", async () => {
    const limits = await open(choice);
    console.info(
      `limits backend: ${limits.name}; memory of all: ${Math.round(limits.memoryLimitBytes / 2 ** 20)} MB; ${JSON.stringify(limits.holds)}`,
    );
    const neighbour = start(limits, sleeper, roomy);
    await neighbour.line("up");
    const bomber = start(limits, bomb, { ...roomy, memoryMb: 128 });
    expect(await bomber.ended).toBe("SIGKILL");
    expect(bomber.enclosure.isOutOfMemory()).toBe(true);
    const seenMb = Math.max(...bomber.lines.map(Number));
    console.info(`limits backend: ${limits.name}; bomb seen at ${seenMb} MB`);
    expect(seenMb).toBeGreaterThan(64);
    expect(seenMb).toBeLessThan(128 + overshootMb);
    expect(neighbour.child.exitCode ?? neighbour.child.signalCode).toBeNull();
    neighbour.child.kill("SIGKILL");
    await neighbour.ended;
    expect(neighbour.enclosure.isOutOfMemory()).toBe(false);
  });

  test("counts what a process's children use", async () => {
    const limits = await open(choice);
    const bomber = start(
      limits,
      `const { spawn } = require("node:child_process");
       spawn(process.execPath, ["-e", ${JSON.stringify(bomb)}], { stdio: "ignore" }).on("exit", () => process.exit(7));`,
      { ...roomy, memoryMb: 160 },
    );
    expect(await bomber.ended).toBeOneOf(["SIGKILL", 7]);
    expect(bomber.enclosure.isOutOfMemory()).toBe(true);
  });

  test("kills what already uses more than it may from now on", async () => {
    const limits = await open(choice);
    const full = start(
      limits,
      `globalThis.kept = Buffer.alloc(160 << 20, 1); ${sleeper}`,
      roomy,
    );
    await full.line("up");
    full.enclosure.confine({ ...roomy, memoryMb: 128 });
    expect(await full.ended).toBe("SIGKILL");
    expect(full.enclosure.isOutOfMemory()).toBe(true);
  });

  test("lets a process use more once it may", async () => {
    const limits = await open(choice);
    const growing = start(
      limits,
      `process.stdin.once("data", () => {
         globalThis.kept = Buffer.alloc(160 << 20, 1);
         console.log("full");
         process.exit(0);
       });
       console.log("up");`,
      { ...roomy, memoryMb: 128 },
    );
    await growing.line("up");
    growing.enclosure.confine(roomy);
    growing.child.stdin?.write("go");
    expect(await growing.ended).toBe(0);
    expect(growing.lines).toContain("full");
  });

  test("bounds how many processes there are, and leaves none", async () => {
    const limits = await open(choice);
    const forker = start(
      limits,
      `const { spawn } = require("node:child_process");
       for (let i = 0; i < 200; i++)
         spawn("/bin/sleep", ["60"], { stdio: "ignore" })
           .on("error", () => undefined)
           .on("spawn", function () { console.log(this.pid); });
       setTimeout(() => { console.log("done"); process.kill(process.pid, "SIGKILL"); }, 1000);`,
      { ...roomy, memoryMb: 1024 },
    );
    await forker.ended;
    const pids = forker.lines.map(Number).filter(Boolean);
    if (limits.name !== "rlimit") {
      expect(forker.lines).toContain("done");
      expect(pids.length).toBeLessThan(maxProcesses);
    } else expect(forker.lines).not.toContain("done");
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  });

  test("bounds open files and leaves no core dump", async () => {
    const limits = await open(choice);
    const opener = start(
      limits,
      `const { openSync, readFileSync } = require("node:fs");
       console.log(/core file size +(\\d+) +(\\d+)/.exec(readFileSync("/proc/self/limits", "latin1")).slice(1).join());
       try { for (let i = 0; i < 1000; i++) openSync("/dev/null"); } catch (error) { console.log(error.code); }`,
      roomy,
    );
    await opener.ended;
    expect(opener.lines).toEqual(["0,0", "EMFILE"]);
  });

  test("bounds CPU where it says so, and gives way where it cannot", async () => {
    const limits = await open(choice);
    const spinner = start(
      limits,
      `const start = performance.now(), before = process.cpuUsage();
       while (performance.now() < start + 1500);
       const { user, system } = process.cpuUsage(before);
       console.log((user + system) / 1000 / (performance.now() - start));
       console.log(require("node:os").getPriority());`,
      { ...roomy, cpuPercent: 25 },
    );
    expect(await spinner.ended).toBe(0);
    const [share, priority] = spinner.lines.map(Number);
    console.info(
      `limits backend: ${limits.name}; 25 % of a core gave ${share}`,
    );
    if (limits.holds.cpu.startsWith("nothing"))
      expect(priority).toBeGreaterThan(0);
    else expect(share).toBeLessThan(0.4);
  });
});

test("ends and removes what a killed sandboxd left", async () => {
  const killed = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { spawn } from "node:child_process";
       import { openLimits } from ${JSON.stringify(join(repositoryRoot, "sandboxd/limits/open.ts"))};
       const log = { info() {}, warn() {} };
       const limits = await openLimits({ choice: "auto", maxProcesses: 40, maxOpenFiles: 64, log });
       const [shell, ...args] = limits.enclose({ memoryMb: 128, cpuPercent: 100 }).wrap(["/bin/sleep", "60"]);
       console.log(spawn(shell, args, { stdio: "ignore" }).pid);
       setInterval(() => {}, 1000);`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const [line] = await once(createInterface(killed.stdout), "line");
  const orphan = Number(line);
  onTestFinished(() => {
    if (isAlive(orphan)) process.kill(orphan, "SIGKILL");
  });
  await expect
    .poll(() => readFileSync(`/proc/${orphan}/comm`, "utf8").trim())
    .toBe("sleep");
  const group = groupsOf(orphan);
  killed.kill("SIGKILL");
  await once(killed, "close");

  const limits = await open("auto");
  if (limits.name === "rlimit") return expect(group).not.toContain("annex-");
  expect(group).toContain("annex-");
  await expect.poll(() => isAlive(orphan)).toBe(false);
  await limits.close();
});

interface Started {
  child: ChildProcess;
  enclosure: Enclosure;
  lines: string[];
  /** Resolves when it has written the line. */
  line(text: string): Promise<void>;
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | string>;
}

/** Opens limits that must leave nothing behind when the test ends. */
async function open(choice: "auto" | "rlimit"): Promise<Limits> {
  const complaints: unknown[] = [];
  const limits = await openLimits({
    choice,
    maxProcesses,
    maxOpenFiles,
    log: {
      info: () => undefined,
      warn: (fields, message) => complaints.push({ ...fields, message }),
    },
  });
  onTestFinished(async () => {
    await limits.close();
    const unexpected = complaints.filter(
      (complaint) => !JSON.stringify(complaint).includes("above its limit"),
    );
    expect(unexpected).toEqual([]);
  });
  return limits;
}

function start(limits: Limits, code: string, bounds: ProcessLimits): Started {
  const enclosure = limits.enclose(bounds);
  const [shell = "", ...args] = enclosure.wrap([process.execPath, "-e", code]);
  const child = spawn(shell, args, { stdio: ["pipe", "pipe", "ignore"] });
  enclosure.started(child.pid ?? 0);
  child.stdin.on("error", () => undefined);
  const lines: string[] = [];
  createInterface(child.stdout).on("line", (line) => lines.push(line));
  const ended = once(child, "close").then(([exitCode, signal]) => {
    enclosure.isOutOfMemory();
    enclosure.release();
    return exitCode ?? signal;
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return {
    child,
    enclosure,
    lines,
    line: (text) =>
      expect.poll(() => lines, { timeout: 10_000 }).toContain(text),
    ended,
  };
}

/** The control groups of a process, as the kernel tells of them. */
function groupsOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cgroup`, "utf8");
}

/** Neither gone nor only not yet taken note of. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
