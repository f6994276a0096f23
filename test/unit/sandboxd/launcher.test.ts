import { readFileSync } from "node:fs";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { createLauncher, type Enclosure } from "../../../sandboxd/launcher.ts";
import type { LaunchedProcess } from "../../../sandboxd/supervisor/launcher.ts";
import { noWalls } from "../../../sandboxd/walls/none.ts";
import type { Program } from "../../../sandboxd/walls/program.ts";
import { temporaryFile } from "./walls/behind.ts";

const allowed = { memoryMb: 384, cpuPercent: 100 };

/** A program whose bundle is this script. */
function program(script: string): Program {
  const file = temporaryFile(
    "script.cjs",
    `const fs = require("node:fs"); ${script}`,
  );
  return {
    file,
    nodeFlags: [],
    packages: [],
    hostFiles: [],
    hasNetwork: false,
  };
}

/** Limits that write down what is asked of them. */
function recordingLimits(isOverLimit: boolean) {
  const asked: string[] = [];
  const enclosure: Enclosure = {
    wrap: (command) => ["/usr/bin/env", "LIMITED=yes", ...command],
    started: (pid) => void asked.push(`started ${pid}`),
    confine: ({ memoryMb }) => void asked.push(`confine ${memoryMb}`),
    isOutOfMemory() {
      asked.push("out of memory?");
      return isOverLimit;
    },
    release: () => void asked.push("release"),
  };
  return { asked, limits: { enclose: () => enclosure } };
}

function ended(process: LaunchedProcess): LaunchedProcess {
  onTestFinished(async () => {
    process.kill();
    await process.exited;
  });
  return process;
}

test("a process runs within its limits and gives its place back", async () => {
  const { asked, limits } = recordingLimits(true);
  const launcher = createLauncher({
    walls: noWalls,
    limits,
    program: program(
      "fs.writeSync(3, process.env.LIMITED); setInterval(() => 0, 1e6)",
    ),
  });
  const process = ended(launcher.launch(allowed));
  const [said] = (await once(process.pipe, "data")) as [Buffer];
  expect(said.toString()).toBe("yes");
  process.confine({ ...allowed, memoryMb: 256 });
  process.kill();
  process.kill();
  expect(await process.exited).toEqual({
    how: "ended by SIGKILL",
    isOutOfMemory: true,
  });
  expect(asked).toEqual([
    `started ${process.pid}`,
    "confine 256",
    "out of memory?",
    "release",
  ]);
});

test("a process without a place is told as one that ended", async () => {
  const launcher = createLauncher({
    walls: noWalls,
    limits: {
      enclose() {
        throw new Error("no place left");
      },
    },
    program: program(""),
  });
  const process = launcher.launch(allowed);
  // Nobody hears an echo of what was meant for it.
  process.pipe.write("start");
  expect(await process.exited).toEqual({
    how: "could not start: no place left",
    isOutOfMemory: false,
  });
  expect(process.pipe.read()).toBeNull();
  process.kill();
});

test("a command that is not there gives its place back", async () => {
  const { asked, limits } = recordingLimits(false);
  const launcher = createLauncher({
    walls: { enclose: () => ({ command: ["/nonexistent"] }) },
    limits: {
      enclose: () => ({ ...limits.enclose(), wrap: (command) => [...command] }),
    },
    program: program(""),
  });
  const { how } = await launcher.launch(allowed).exited;
  expect(how).toMatch(/^could not start: .*ENOENT/);
  expect(asked).toEqual(["out of memory?", "release"]);
});

test("how a process ended comes with the last it said", async () => {
  const script =
    "process.stderr.write('x'.repeat(1e5) + 'the end', () => process.exit(3))";
  const launcher = createLauncher({
    walls: noWalls,
    program: program(script),
  });
  const { how } = await ended(launcher.launch(allowed)).exited;
  expect(how).toMatch(/^exited with code 3: x+the end$/);
  expect(how.length).toBeLessThan(5000);
});

test("a flood on stderr is not listened to for ever", async () => {
  const script =
    "for (;;) try { fs.writeSync(2, 'x'.repeat(1e5)); } catch ({ code }) { if (code !== 'EAGAIN') process.exit(7); }";
  const launcher = createLauncher({
    walls: noWalls,
    program: program(script),
  });
  const { how } = await ended(launcher.launch(allowed)).exited;
  expect(how).toMatch(/^exited with code 7/);
});

test("V8's own end for want of memory counts as such", async () => {
  const script =
    "process.stderr.write('FATAL ERROR: JavaScript heap out of memory', () => process.abort())";
  const launcher = createLauncher({
    walls: noWalls,
    program: program(script),
  });
  const ending = await ended(launcher.launch(allowed)).exited;
  expect(ending).toMatchObject({ isOutOfMemory: true });
  expect(ending.how).toMatch(/^ended by SIGABRT/);
});

test("it has a session of its own, so that no terminal's signal ends it", async () => {
  const launcher = createLauncher({
    walls: noWalls,
    program: program("fs.writeSync(3, 'up'); setInterval(() => 0, 1e6)"),
  });
  const process = ended(launcher.launch(allowed));
  await once(process.pipe, "data");
  const stat = readFileSync(`/proc/${process.pid}/stat`, "utf8");
  const [, , group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  expect([group, session]).toEqual([`${process.pid}`, `${process.pid}`]);
});
