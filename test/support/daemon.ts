/** A daemon of ours as a real process, as its main would be run by an operator. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { repositoryRoot } from "./paths.ts";

export interface Daemon {
  pid: number;
  /** What its ready line said. */
  ready: Record<string, string>;
  /** Everything it has written to stderr so far. */
  stderr(): string;
  /** SIGTERM; resolves with the exit code when it is gone. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts a daemon, by the command `within` where one is given, and waits for its ready line; rejects with its stderr if it ends before. */
export async function startDaemon(
  main: "controlplane/main.ts" | "sandboxd/main.ts",
  args: string[],
  env: NodeJS.ProcessEnv = {},
  within: readonly string[] = [],
): Promise<Daemon> {
  const [command = "", ...rest] = [
    ...within,
    process.execPath,
    join(repositoryRoot, main),
    ...args,
  ];
  const child = spawn(command, rest, {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr
    .setEncoding("utf8")
    .on("data", (text: string) => (stderr += text));
  const ready = await Promise.race([readyLine(child), ended(child)]);
  if (!ready) throw new Error(`${main} ended before it was ready: ${stderr}`);
  return {
    pid: child.pid ?? 0,
    ready,
    stderr: () => stderr,
    async stop() {
      await end(child, "SIGTERM");
      return child.exitCode;
    },
    kill: () => end(child, "SIGKILL"),
  };
}

async function readyLine(
  child: ChildProcess,
): Promise<Record<string, string> | undefined> {
  if (!child.stdout) return undefined;
  for await (const line of createInterface(child.stdout)) {
    const said: unknown = JSON.parse(line);
    if (
      typeof said === "object" &&
      said !== null &&
      "message" in said &&
      said.message === "ready"
    )
      return said as Record<string, string>; // both daemons print flat lines of strings
  }
  return undefined;
}

async function ended(child: ChildProcess): Promise<undefined> {
  await once(child, "close");
  return undefined;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}
