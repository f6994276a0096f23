import { onTestFinished } from "vitest";
import { createLauncher } from "../../sandboxd/launcher.ts";
import {
  startSupervisor,
  type Supervisor,
  type SupervisorConfig,
} from "../../sandboxd/supervisor/supervisor.ts";
import type {
  ExecutorCall,
  LoadableVersion,
} from "../../sandboxd/supervisor/call.ts";
import type { Launcher } from "../../sandboxd/supervisor/launcher.ts";
import { noWalls } from "../../sandboxd/walls/none.ts";
import { executorProgram } from "../../sandboxd/walls/program.ts";
import type { Walls } from "../../sandboxd/walls/walls.ts";
import { executorFile } from "./paths.ts";

const defaults: SupervisorConfig = {
  poolSize: 1,
  maxExecutors: 10,
  maxExecutorsPerContainer: 2,
  idleMs: 60_000,
  maxAgeMs: 60_000,
  heapLimitMb: 64,
  maxResultBytes: 6 * 1024 * 1024,
  maxLogBytes: 65_536,
  maxOpenHostCalls: 1000,
  maxHostCalls: 10_000,
  maxOpenEgress: 16,
  memoryMb: 384,
  cpuPercent: 100,
  loadTimeoutMs: 500,
  maxInlineVersions: 2,
};

/** Starts executors without limits, and without walls unless they are given. */
export function testLauncher(
  file = executorFile,
  walls: Walls = noWalls,
): Launcher {
  return createLauncher({ walls, program: executorProgram(file) });
}

/** A supervisor with real executors, closed when the test ends; without walls unless they are given. */
export async function startTestSupervisor(
  config: Partial<SupervisorConfig> = {},
  walls: Walls = noWalls,
) {
  const warm = new Set<string>();
  const killed: string[] = [];
  const silent = {
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
  };
  const supervisor: Supervisor = startSupervisor(
    { ...defaults, ...config },
    {
      launcher: testLauncher(executorFile, walls),
      now: () => performance.now(),
      log: silent,
      warmthChanged: (container, version, isWarm) =>
        isWarm
          ? warm.add(`${container}/${version}`)
          : warm.delete(`${container}/${version}`),
      executorKilled: (cause) => killed.push(cause),
    },
  );
  onTestFinished(() => supervisor.close());
  await supervisor.ready();
  return { supervisor, warm, killed };
}

/** A version of an extension from its CommonJS source. */
export function versionOf(
  source: string,
  key = "hello@1",
  container = "acme",
): LoadableVersion {
  const content = Buffer.from(source);
  return {
    key,
    container,
    fileName: "index.js",
    secrets: {},
    meta: {},
    read: () => Promise.resolve({ content, bundleBytes: content.length }),
  };
}

/** A call with JSON as its payload. */
export function callWith(
  payload: unknown,
  options: Partial<ExecutorCall> = {},
): ExecutorCall {
  return {
    invocationId: "test",
    payload: Buffer.from(JSON.stringify(payload)),
    contentType: "application/json",
    wallMs: 5000,
    wallClock: "wall_time",
    syncMs: 500,
    cpuMs: 1000,
    ...options,
  };
}
