/**
 * What stands between a process and the host. Which walls can be had here is tried at start, best first; where none can,
 * nothing runs, unless somebody insists.
 *
 * There is no rung for machines without bubblewrap. util-linux' `unshare` makes namespaces, but its `setpriv` of Debian 12
 * loads no filter of system calls, and a root with chosen files takes a shell script of mounts run with all privileges:
 * weaker walls, more to get wrong, to save installing one small package.
 */
import { AnnexError } from "../../proto/errors.ts";
import { bwrapCommand, nobody, type BwrapOptions } from "./bwrap.ts";
import { closeInherited } from "./descriptors.ts";
import { findCommand } from "./find-command.ts";
import { noWalls } from "./none.ts";
import { probe, probeScript } from "./probe.ts";
import type { Enclosed } from "./process.ts";
import type { Program } from "./program.ts";
import { assemble } from "./seccomp/assemble.ts";
import { rulesFor } from "./seccomp/refused.ts";
import { findSystemFiles } from "./system.ts";
import { missingWalls } from "./missing.ts";

export interface Walls {
  readonly name: WallsName;
  /** The attacks of the catalogue's A35 to A40 that fail even where code has broken out of V8. */
  readonly holds: readonly string[];
  enclose(program: Program): Enclosed;
}

export type WallsName = "bwrap" | "bwrap-no-proc" | "none";

export interface WallsOptions {
  /** Bubblewrap's command, or its path. */
  bwrap: string;
  /** What will run behind them; each is tried. */
  programs: readonly Program[];
  /** Without walls, whatever can be had. */
  insecure: boolean;
  /** Without walls where none can be had. */
  development: boolean;
  log: WallsLog;
}

export interface WallsLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Builds the best walls that can be had; throws `precondition` where none can, naming what is missing and how to get it. */
export async function openWalls(options: WallsOptions): Promise<Walls> {
  const { insecure, development, log } = options;
  if (insecure) {
    log.warn({}, `--insecure-no-sandbox: ${withoutWalls}`);
    return noWalls;
  }
  try {
    const walls = await firstThatHolds(options);
    closeInherited();
    return walls;
  } catch (error) {
    if (!development || !(error instanceof AnnexError)) throw error;
    log.warn({ missing: error.message }, `development: ${withoutWalls}`);
    return noWalls;
  }
}

const withoutWalls =
  "customers' code runs WITHOUT WALLS; whoever breaks out of V8 has this host";

async function firstThatHolds(options: WallsOptions): Promise<Walls> {
  const bwrap = await findCommand(options.bwrap);
  if (!bwrap) throw missingWalls({ bwrap: options.bwrap });
  const system = findSystemFiles();
  let said = "";
  for (const { name, ...rung } of await rungs()) {
    const user = rung.setpriv ? "nobody" : "own";
    const build = (program: Program, script?: string[]) =>
      enclose(program, { ...rung, bwrap, system }, script);
    const problem = await tryAll(options.programs, build);
    if (!problem) {
      options.log.info({ walls: name, user, holds }, "walls stand");
      return { name, holds, enclose: build };
    }
    options.log.info({ walls: name, user, problem }, "walls not used");
    said = problem;
  }
  // Of the last, which asks for the least.
  throw missingWalls({ bwrap, said });
}

const holds = ["A35", "A36", "A37", "A38", "A39", "A40"];

interface Rung {
  name: Exclude<WallsName, "none">;
  /** Container runtimes cover parts of /proc, and the kernel then refuses a new one that would show them. */
  hasProc: boolean;
  /** What gives up root before the walls are built; absent: they are built as whoever we are. */
  setpriv?: string;
}

/**
 * Best first. Root gives up being root for good, so that it is nobody whom an escape sets free; where that fails, say
 * because nobody may read our files, it is root without capabilities in a user namespace.
 */
async function rungs(): Promise<Rung[]> {
  const kinds: Rung[] = [
    { name: "bwrap", hasProc: true },
    { name: "bwrap-no-proc", hasProc: false },
  ];
  const setpriv =
    process.getuid?.() === 0 ? await findCommand("setpriv") : undefined;
  if (!setpriv) return kinds;
  return [...kinds.map((kind) => ({ ...kind, setpriv })), ...kinds];
}

interface BuildOptions extends BwrapOptions {
  setpriv?: string;
}

function enclose(
  program: Program,
  options: BuildOptions,
  script?: string[],
): Enclosed {
  const { setpriv } = options;
  const dropRoot = setpriv
    ? [
        setpriv,
        `--reuid=${nobody}`,
        `--regid=${nobody}`,
        "--clear-groups",
        "--",
      ]
    : [];
  return {
    command: [...dropRoot, ...bwrapCommand(program, options, script)],
    filter: assemble(rulesFor(program.hasNetwork), architecture()),
  };
}

function architecture(): "x64" | "arm64" {
  if (process.arch === "x64" || process.arch === "arm64") return process.arch;
  throw new AnnexError(
    "precondition",
    `there are no walls for ${process.arch} processors: use x64 or arm64`,
  );
}

/** What the first of them that failed said. */
async function tryAll(
  programs: readonly Program[],
  build: (program: Program, script: string[]) => Enclosed,
): Promise<string | undefined> {
  const problems = await Promise.all(
    programs.map((program) => probe(build(program, probeScript(program)))),
  );
  return problems.find((problem) => problem !== undefined);
}
