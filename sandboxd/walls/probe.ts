/** Tries walls: starts a program behind them that looks around and reports, and ends it from outside. */
import type { Duplex } from "node:stream";
import { startEnclosed, type Enclosed } from "./process.ts";
import type { Program } from "./program.ts";

/** A machine under load starts a process slowly. */
const probeTimeoutMs = 20_000;

/**
 * Node's arguments with which a program only looks around: whether its packages load, and whether the walls hold. One that
 * is accepted and does nothing would be worse than none. It then waits to be ended.
 */
export function probeScript({ packages }: Program): string[] {
  const names = JSON.stringify(packages.map(({ name }) => name));
  return ["--eval", lookAround(names)];
}

/** Why these walls cannot be had; undefined where they stand and hold. */
export async function probe(enclosed: Enclosed): Promise<string | undefined> {
  try {
    return await tryWalls(enclosed);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What the script says where nothing is wrong. */
const fine = "fine";

const lookAround = (packageNames: string) => `
  const fs = require("node:fs");
  const report = (text) => fs.writeSync(3, text + "\\n");
  const isWritable = () => {
    try { fs.writeFileSync("/probe", ""); return true; } catch { return false; }
  };
  for (const name of ${packageNames}) require(name);
  setInterval(() => undefined, 1e6);
  require("node:net").connect("/probe").on("error", ({ code }) => {
    if (fs.existsSync("/etc/passwd")) report("the host's files can be read");
    else if (isWritable()) report("files can be written");
    else if (code !== "EAFNOSUPPORT") report("system calls are not filtered");
    else report("${fine}");
  });
`;

async function tryWalls(enclosed: Enclosed): Promise<string | undefined> {
  const { pipe, kill, ended } = startEnclosed(enclosed);
  const timeout = elapsed(probeTimeoutMs);
  const report = await Promise.race([
    firstLine(pipe),
    ended.then(({ how, stderr }) => stderr || how),
    timeout.then(() => "it gave no sign of life"),
  ]);
  kill();
  const isGone = await Promise.race([
    ended.then(() => true),
    timeout.then(() => false),
  ]);
  if (!isGone) return "what runs behind the walls cannot be ended from outside";
  return report === fine ? undefined : report;
}

async function firstLine(pipe: Duplex): Promise<string> {
  let text = "";
  for await (const chunk of pipe.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.includes("\n")) break;
  }
  const [line = ""] = text.split("\n");
  if (line) return line;
  // It ended without a word; how it ended says more.
  return await new Promise(() => undefined);
}

/** Keeps no process alive. */
function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
