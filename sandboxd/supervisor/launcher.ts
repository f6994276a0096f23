/** How an executor's process is started. A launcher that walls it in is another implementation of the same interface. */
import { spawn } from "node:child_process";
import { PassThrough, type Duplex } from "node:stream";

/** A process whose one door to the supervisor is `pipe`. */
export interface LaunchedProcess {
  /** What was started here: the wall, where there is one. Killing it kills all of it. */
  pid: number;
  pipe: Duplex;
  /** Changes what it may use from now on. */
  confine(limits: ProcessLimits): void;
  /** Ends it at once, whatever it is doing. May be called twice. */
  kill(): void;
  /** Resolves when the process is gone. */
  exited: Promise<Ending>;
}

/** What a process may use. */
export interface ProcessLimits {
  /** Above it the process is killed. */
  memoryMb: number;
  /** Percent of one core. */
  cpuPercent: number;
}

/** How a process ended. */
export interface Ending {
  /** For the log: code or signal, and what it last wrote to stderr. */
  how: string;
  /** It was killed because it used more memory than it may. */
  isOutOfMemory: boolean;
}

export interface Launcher {
  /** Starts a process that may use so much. */
  launch(limits: ProcessLimits): LaunchedProcess;
}

/**
 * V8's own limits. No snapshot: isolated-vm needs it so. SharedArrayBuffer off and little WebAssembly memory: neither is
 * offered, and both pass the heap limit by. No concurrent recompilation: with a compile job in flight the timeout of an
 * optimised endless loop was measured to fire up to 3 s late.
 */
export const executorNodeFlags = [
  "--no-node-snapshot",
  "--enable-sharedarraybuffer-per-context",
  "--wasm-max-mem-pages=256",
  "--no-concurrent-recompilation",
];

const keptStderrBytes = 4096;

/** Starts executors as plain child processes, without walls. `executorFile` is the bundled executor. */
export function createPlainLauncher(executorFile: string): Launcher {
  return {
    name: "none",
    launch() {
      try {
        return launchPlain(executorFile);
      } catch (error) {
        // Out of descriptors or memory: nothing to do with what was to be run.
        return neverStarted(error);
      }
    },
  };
}

function launchPlain(executorFile: string): LaunchedProcess {
  const child = spawn(process.execPath, [...executorNodeFlags, executorFile], {
    cwd: "/",
    env: {},
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const pipe = child.stdio?.[3] as Duplex | undefined; // the fourth entry of stdio above
  if (!pipe) return neverStarted("no pipe could be made");
  pipe.on("error", () => undefined); // the exit tells what happened
  let stderr = "";
  child.stderr?.setEncoding("utf8");
  child.stderr?.on("data", (text: string) => {
    stderr = (stderr + text).slice(-keptStderrBytes);
  });
  const exited = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(`could not start: ${error.message}`));
    child.on("close", (code, signal) =>
      resolve(endingOf(code, signal, stderr)),
    );
  });
  return {
    pid: child.pid ?? 0,
    pipe,
    kill: () => void child.kill("SIGKILL"),
    exited,
  };
}

function neverStarted(error: unknown): LaunchedProcess {
  const why = error instanceof Error ? error.message : String(error);
  return {
    pid: 0,
    pipe: new PassThrough(),
    kill: () => undefined,
    exited: Promise.resolve(`could not start: ${why}`),
  };
}

function endingOf(
  code: number | null,
  signal: string | null,
  stderr: string,
): string {
  const how = signal ? `ended by ${signal}` : `exited with code ${code}`;
  return stderr.trim() ? `${how}: ${stderr.trim()}` : how;
}
