/** The two daemons as child processes of ours. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { CommandFailed } from "./exit-codes.ts";

/** Which program of this repository. */
export type DaemonName = "controlplane" | "sandboxd";

/** How a daemon is started. */
export interface DaemonOptions {
  name: DaemonName;
  args: string[];
  env: Readonly<Record<string, string | undefined>>;
  /** Told of every line it writes, once it is ready. */
  onLine?: (line: string) => void;
}

/** A daemon that has said it is ready. */
export interface Daemon {
  name: DaemonName;
  /** The fields of its ready line. */
  ready: ReadonlyMap<string, unknown>;
  /** Settles when it has ended, with how. */
  ended: Promise<string>;
  /** Ends it, in the end by force; may be called twice. */
  end(): Promise<void>;
}

/** The longest a daemon may take to be ready. */
export const readyTimeoutMs = 30_000;

/** How long a daemon may take over a clean end. */
export const endTimeoutMs = 15_000;

/** Where a daemon's program lies. */
export function programOf(name: DaemonName): string {
  return fileURLToPath(new URL(`../../${name}/main.ts`, import.meta.url));
}

/**
 * A daemon's environment. glibc gives the memory of a large answer back to the kernel as soon as it is free, and the next
 * one waits for it again: 6 MiB took 3.4 ms to copy, 0.4 ms into memory that was kept. It keeps up to 64 MiB so.
 */
export function environmentOf(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return {
    MALLOC_MMAP_THRESHOLD_: "33554432",
    MALLOC_TRIM_THRESHOLD_: "67108864",
    ...env,
  };
}

/** Starts a daemon and waits until it is ready; where it ends before, its own last words are the reason. */
export async function startDaemon({
  name,
  args,
  env,
  onLine,
}: DaemonOptions): Promise<Daemon> {
  const child = spawn(process.execPath, [programOf(name), ...args], {
    // By the last one it learns that we are gone, also by a SIGKILL, and ends.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: environmentOf(env),
  });
  const ended = endOf(child);
  const { stdout, stderr } = child;
  if (!stdout || !stderr)
    throw new CommandFailed("failed", `${name} could not be started`);
  const lines = readLines({ stdout, stderr });
  const end = () => endChild(child, ended);
  const expired = AbortSignal.timeout(readyTimeoutMs);
  const late = new Promise<string>((resolve) =>
    expired.addEventListener("abort", () =>
      resolve(`was not ready within ${readyTimeoutMs} ms`),
    ),
  );
  const first = await Promise.race([lines.ready, ended, late]);
  if (typeof first === "string") {
    await end();
    throw new CommandFailed("failed", `${name} ${first}${lines.lastWords()}`);
  }
  if (onLine) lines.forward(onLine);
  return { name, ready: first, ended, end };
}

/** The most lines kept of what a daemon says before it is ready. */
const earlyLinesKept = 20;

function readLines({ stdout, stderr }: { stdout: Readable; stderr: Readable }) {
  let early: string[] = [];
  let onLine = (line: string) => {
    early = [...early, line].slice(-earlyLinesKept);
  };
  const ready = new Promise<ReadonlyMap<string, unknown>>((resolve) => {
    createInterface(stdout).on("line", (line) => {
      const fields = fieldsOfLine(line);
      if (fields?.get("message") === "ready") resolve(fields);
      else onLine(line);
    });
  });
  createInterface(stderr).on("line", (line) => onLine(line));
  return {
    ready,
    lastWords: () =>
      early.length > 0 ? `: ${early.map(wordsOf).join("\n")}` : "",
    forward(to: (line: string) => void) {
      // What it warned of while it started, too.
      early.forEach(to);
      onLine = to;
    },
  };
}

/** A line of JSON as its fields; undefined for any other. */
export function fieldsOfLine(
  line: string,
): ReadonlyMap<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(line);
    return typeof json === "object" && json !== null
      ? new Map(Object.entries(json))
      : undefined;
  } catch {
    return undefined;
  }
}

function wordsOf(line: string): string {
  const fields = fieldsOfLine(line);
  const message = fields?.get("message") ?? fields?.get("msg");
  return typeof message === "string" ? message : line;
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) =>
      resolve(`could not be started: ${error.message}`),
    );
    // Not at `exit`: what it wrote last may still be on its way.
    child.once("close", (code, signal) =>
      resolve(
        signal ? `was ended by ${signal}` : `ended with exit code ${code}`,
      ),
    );
  });
}

async function endChild(
  child: ChildProcess,
  ended: Promise<string>,
): Promise<void> {
  child.kill("SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), endTimeoutMs);
  await ended;
  clearTimeout(force);
}
