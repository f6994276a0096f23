/** Processes of the benchmark: everything measured, and who measures, lives in one of its own. */
import { fork, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";

/** A running process, ready to be asked. */
export interface Child {
  name: string;
  pid: number;
  process: ChildProcess;
  close(): Promise<void>;
}

/** How to start a process. */
export interface ChildOptions {
  name: string;
  env?: Record<string, string>;
  nodeArgs?: string[];
}

const startTimeoutMs = 30_000;
const closeTimeoutMs = 10_000;
const probeEveryMs = 20;
const keptErrorChars = 4000;

/** Starts one of our own entry files, which says "ready" when it is. */
export async function startNode(
  file: string,
  args: string[],
  options: ChildOptions,
): Promise<Child> {
  const child = fork(new URL(file, import.meta.url), args, {
    env: { ...process.env, ...options.env },
    execArgv: options.nodeArgs ?? [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const signal = AbortSignal.timeout(startTimeoutMs);
  return await ready(options.name, child, async () => {
    await once(child, "message", { signal });
  });
}

/** Starts a program, which is ready when `isReady` says so. */
export async function startProgram(
  command: string,
  args: string[],
  options: ChildOptions,
  isReady: () => Promise<boolean>,
): Promise<Child> {
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  return await ready(options.name, child, () => until(isReady));
}

/** Whether somebody answers on the socket. */
export async function answers(socketPath: string): Promise<boolean> {
  const socket = connect(socketPath);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function until(isReady: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + startTimeoutMs;
  while (!(await isReady())) {
    if (performance.now() > end)
      throw new Error(`not ready within ${startTimeoutMs} ms`);
    await setTimeout(probeEveryMs);
  }
}

async function ready(
  name: string,
  child: ChildProcess,
  wait: () => Promise<void>,
): Promise<Child> {
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    errors = (errors + String(chunk)).slice(-keptErrorChars);
  });
  const exit = once(child, "exit").then(([code, signal]) => {
    throw new Error(`${name} ended with ${code ?? signal}: ${errors}`);
  });
  try {
    await Promise.race([exit, wait()]);
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`${name} did not start: ${errors}`, { cause: error });
  }
  exit.catch(() => {}); // from here on its end is seen by who talks to it
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} has no pid`);
  return { name, pid, process: child, close: () => close(child) };
}

async function close(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const ended = await Promise.race([
    exit,
    setTimeout(closeTimeoutMs, undefined, { ref: false }),
  ]);
  if (!ended) child.kill("SIGKILL");
  await exit;
}
