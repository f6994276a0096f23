/** Runs scripts behind walls, and looks at them from outside. */
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { bwrapCommand } from "../../../../sandboxd/walls/bwrap.ts";
import {
  startEnclosed,
  type Enclosed,
  type EnclosedProcess,
} from "../../../../sandboxd/walls/process.ts";
import {
  executorProgram,
  type Program,
} from "../../../../sandboxd/walls/program.ts";
import { assemble } from "../../../../sandboxd/walls/seccomp/assemble.ts";
import { rulesFor } from "../../../../sandboxd/walls/seccomp/refused.ts";
import { findSystemFiles } from "../../../../sandboxd/walls/system.ts";
import { executorFile } from "../../../support/paths.ts";

/** The walls of either rung, whatever this machine would choose. */
export function wallsWith(hasProc: boolean) {
  const system = findSystemFiles();
  return {
    enclose: (program: Program): Enclosed => ({
      command: bwrapCommand(program, { bwrap: "bwrap", system, hasProc }),
      filter: assemble(
        rulesFor(program.hasNetwork),
        process.arch === "arm64" ? "arm64" : "x64",
      ),
    }),
  };
}

/** A program like the executor, whose bundle is this script. It has `report(value)`. */
export function scriptProgram(
  script: string,
  program: Program = executorProgram(executorFile),
): Program {
  const file = temporaryFile(
    "script.cjs",
    `const fs = require("node:fs");
     const report = (value) => fs.writeSync(3, JSON.stringify(value) + "\\n");
     ${script}`,
  );
  return { ...program, packages: [], file };
}

export function temporaryFile(
  name: string,
  content: string | Buffer,
  mode = 0o644,
): string {
  const folder = mkdtempSync(join(tmpdir(), "annex-walls-"));
  chmodSync(folder, 0o755); // for nobody, as whom it may run
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, name);
  writeFileSync(file, content, { mode });
  return file;
}

export interface Started extends EnclosedProcess {
  /** The next thing it reported. */
  reported: () => Promise<unknown>;
}

/** Starts it; it is ended with the test. */
export function start(enclosed: Enclosed): Started {
  const started = startEnclosed(enclosed);
  onTestFinished(async () => {
    started.kill();
    await started.ended;
  });
  const lines = linesOf(started);
  return {
    ...started,
    async reported() {
      const line = await lines.next();
      if (!line.done) return JSON.parse(line.value) as unknown;
      const { how, stderr } = await started.ended;
      throw new Error(`${how}: ${stderr}`);
    },
  };
}

async function* linesOf({ pipe }: EnclosedProcess): AsyncGenerator<string> {
  let text = "";
  for await (const chunk of pipe) {
    text += String(chunk);
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
}

/** A process and all it descends to, outermost first. */
export function family(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return [
    pid,
    ...children.trim().split(" ").filter(Boolean).map(Number).flatMap(family),
  ];
}

/** The fields of /proc/PID/status. */
export function statusOf(pid: number): Map<string, string> {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return new Map(
    text
      .trim()
      .split("\n")
      .map((line) => {
        const [name = "", value = ""] = line.split(":");
        return [name, value.trim()];
      }),
  );
}

/** What each descriptor of a process is. */
export function descriptorsOf(pid: number): Map<number, string> {
  const folder = `/proc/${pid}/fd`;
  return new Map(
    readdirSync(folder).map((name) => [
      Number(name),
      readlinkSync(join(folder, name)),
    ]),
  );
}

export interface Mount {
  path: string;
  options: string[];
  type: string;
}

export function mountsOf(pid: number): Mount[] {
  const text = readFileSync(`/proc/${pid}/mountinfo`, "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [before = "", after = ""] = line.split(" - ");
      const [, , , , path = "", options = ""] = before.split(" ");
      const [type = ""] = after.split(" ");
      return { path, options: options.split(","), type };
    });
}

/** Whether a process is there; one that has ended and was not yet collected is not. */
export function isAlive(pid: number): boolean {
  try {
    return !statusOf(pid).get("State")?.startsWith("Z");
  } catch {
    return false;
  }
}

/** The processes whose command line names a file. */
export function processesNaming(file: string): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(file);
    } catch {
      return false; // gone meanwhile
    }
  });
}
