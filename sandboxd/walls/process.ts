/** A process with one pipe, started within walls or without. */
import { spawn, type ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Duplex } from "node:stream";

/** How to start a program: the command, and the filter of system calls it wants to find on `filterDescriptor`. */
export interface Enclosed {
  command: readonly string[];
  filter?: Buffer;
}

export interface EnclosedProcess {
  /** The outermost process. */
  pid: number;
  /** Descriptor 3 of the program. */
  pipe: Duplex;
  kill: () => void;
  /** Resolves when nothing of it is left. */
  ended: Promise<ProcessEnd>;
}

export interface ProcessEnd {
  /** Code or signal, or why it could not be started. */
  how: string;
  /** What it last wrote to stderr. */
  stderr: string;
}

/** Where bubblewrap reads the filter; nothing is open there once the program runs. */
export const filterDescriptor = 4;

/** Starts it; throws where the system refuses. Blocks while the system copies what maps this process: 8 ms of 150 MB. */
export function startEnclosed({ command, filter }: Enclosed): EnclosedProcess {
  const [file = "", ...rest] = command;
  const child = spawn(file, rest, {
    cwd: "/",
    env: {},
    // A session and a group of its own: no way to a terminal, a signal from there is for sandboxd alone, and one signal of
    // ours reaches every process, also those of walls that are not yet finished.
    detached: true,
    stdio: ["ignore", "ignore", "pipe", "pipe", filter ? "pipe" : "ignore"],
  });
  const stderr = keepStderr(child);
  const ended = endOf(child, stderr);
  const pipe = pipeOf(child, 3);
  pipe.on("error", () => undefined); // the end tells what happened
  if (filter) sendFilter(child, filter);
  return { pid: child.pid ?? 0, pipe, kill: () => killGroup(child), ended };
}

function pipeOf(child: ChildProcess, descriptor: number): Duplex {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an entry of stdio that is "pipe" is a socket, or missing
  const pipe = child.stdio?.[descriptor] as Duplex | null | undefined;
  if (!pipe) throw new Error("no pipe could be made");
  return pipe;
}

function sendFilter(child: ChildProcess, filter: Buffer): void {
  const pipe = pipeOf(child, filterDescriptor);
  pipe.on("error", () => undefined);
  pipe.resume();
  pipe.end(filter);
}

function killGroup(child: ChildProcess): void {
  const isOver = child.exitCode !== null || child.signalCode !== null;
  if (child.pid === undefined || isOver) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL"); // not yet a group of its own
  }
}

interface Stderr {
  kept: string;
}

/** What is kept of it, and how much is read at all: a process that writes more has nobody listening. */
const keptStderrLength = 4096;
const maxStderrLength = 1024 * 1024;

function keepStderr({ stderr: stream }: ChildProcess): Stderr {
  const stderr = { kept: "" };
  let length = 0;
  stream?.setEncoding("utf8");
  stream?.on("error", () => undefined);
  stream?.on("data", (text: string) => {
    stderr.kept = (stderr.kept + text).slice(-keptStderrLength);
    length += text.length;
    if (length > maxStderrLength) stream.destroy();
  });
  return stderr;
}

function endOf(child: ChildProcess, stderr: Stderr): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    const end = (how: string) => resolve({ how, stderr: stderr.kept.trim() });
    child.once("error", (error) => end(`could not start: ${error.message}`));
    child.once("close", (code, signal) => end(endingOf(code, signal)));
  });
}

/** What walls in a process reports its death by a signal as a code above this. */
const signalCodes = 128;

const signalNames = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name]),
);

function endingOf(code: number | null, signal: string | null): string {
  if (signal) return `ended by ${signal}`;
  const inner = signalNames.get((code ?? 0) - signalCodes);
  if (inner) return `ended by ${inner}`;
  return `exited with code ${code}`;
}
