/** Starts processes behind walls and within limits. */
import { Duplex } from "node:stream";
import type {
  Ending,
  LaunchedProcess,
  Launcher,
  ProcessLimits,
} from "./supervisor/launcher.ts";
import type { Program } from "./walls/program.ts";
import {
  startEnclosed,
  type Enclosed,
  type ProcessEnd,
} from "./walls/process.ts";

export interface LauncherOptions {
  walls: { enclose(program: Program): Enclosed };
  /** Absent: no limits, for tests of other things. */
  limits?: { enclose(limits: ProcessLimits): Enclosure };
  program: Program;
}

/** A place for one process and all that it starts. */
export interface Enclosure {
  wrap(command: readonly string[]): string[];
  started(pid: number): void;
  confine(limits: ProcessLimits): void;
  isOutOfMemory(): boolean;
  release(): void;
}

/** A launcher of one program. */
export function createLauncher(options: LauncherOptions): Launcher {
  const { walls, limits, program } = options;
  const enclosed = walls.enclose(program);
  return {
    launch(allowed) {
      let enclosure: Enclosure | undefined;
      try {
        enclosure = limits?.enclose(allowed);
        return launchIn(enclosed, enclosure);
      } catch (error) {
        // Out of descriptors, memory or places: nothing to do with what was to be run.
        enclosure?.release();
        return neverStarted(error);
      }
    },
  };
}

function launchIn(
  { command, filter }: Enclosed,
  enclosure: Enclosure | undefined,
): LaunchedProcess {
  const started = startEnclosed({
    command: enclosure?.wrap(command) ?? command,
    ...(filter && { filter }),
  });
  const { pid, pipe, kill, ended } = started;
  if (pid) enclosure?.started(pid);
  return {
    pid,
    pipe,
    confine: (limits) => enclosure?.confine(limits),
    kill,
    exited: ended.then((end) => {
      const isOverLimit = enclosure?.isOutOfMemory() ?? false;
      enclosure?.release();
      return endingOf(end, isOverLimit);
    }),
  };
}

function endingOf({ how, stderr }: ProcessEnd, isOverLimit: boolean): Ending {
  return {
    how: stderr ? `${how}: ${stderr}` : how,
    isOutOfMemory: isOverLimit || v8OutOfMemory.test(stderr),
  };
}

/** V8's last words. Guests cannot write to stderr. */
const v8OutOfMemory = /\bout of memory\b|\bAllocation failed\b/i;

function neverStarted(error: unknown): LaunchedProcess {
  const why = error instanceof Error ? error.message : String(error);
  return {
    pid: 0,
    pipe: deafPipe(),
    confine: () => undefined,
    kill: () => undefined,
    exited: Promise.resolve({
      how: `could not start: ${why}`,
      isOutOfMemory: false,
    }),
  };
}

/** It drops what it gets, and says nothing. */
function deafPipe(): Duplex {
  return new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, written) => written(),
  });
}
