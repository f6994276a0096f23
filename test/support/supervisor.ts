import { onTestFinished } from "vitest";
import { createLauncher } from "../../sandboxd/launcher.ts";
import type { StartRequest } from "../../sandboxd/protocol.ts";
import {
  startSupervisor,
  type Supervisor,
  type SupervisorDependencies,
  type SupervisorConfig,
} from "../../sandboxd/supervisor/supervisor.ts";
import type {
  ExecutorCall,
  LoadableVersion,
} from "../../sandboxd/supervisor/call.ts";
import type { EgressGate } from "../../sandboxd/supervisor/egress.ts";
import type { Launcher } from "../../sandboxd/supervisor/launcher.ts";
import type { MemoryBudget } from "../../sandboxd/supervisor/processes.ts";
import { noSockets } from "./fake-gate.ts";
import type { ExecutorSettings } from "../../sandboxd/supervisor/settings.ts";
import { noWalls } from "../../sandboxd/walls/none.ts";
import { executorProgram } from "../../sandboxd/walls/program.ts";
import type { Walls } from "../../sandboxd/walls/walls.ts";
import { executorFile } from "./paths.ts";

const defaults: SupervisorConfig = {
  poolSize: 1,
  stockedPoolSize: 0,
  maxExecutors: 10,
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
  quarantineAfter: 5,
  quarantineWindowMs: 60_000,
};

/** What an executor started by itself is told. */
export const testStart: StartRequest = {
  type: "start",
  isStocked: false,
  heapLimitMb: defaults.heapLimitMb,
  maxResultBytes: defaults.maxResultBytes,
  maxLogBytes: defaults.maxLogBytes,
  maxOpenHostCalls: defaults.maxOpenHostCalls,
  maxHostCalls: defaults.maxHostCalls,
  maxOpenEgress: defaults.maxOpenEgress,
};

/** What holds for every container unless a test says otherwise. */
export const defaultSettings: ExecutorSettings = {
  heapLimitMb: 64,
  memoryMb: 384,
  cpuPercent: 100,
  maxExecutors: 2,
  trustGroup: "",
};

/** What a test may put in place of a supervisor's own. */
export type SupervisorParts = Partial<
  Pick<SupervisorDependencies, "launcher" | "budget" | "gate" | "settingsOf">
> & { walls?: Walls };

/** Memory without end. */
export const ampleBudget: MemoryBudget = {
  largestMb: Infinity,
  spentMb: 0,
  take: () => () => undefined,
};

/** No way out: every request fails. */
export const closedGate: EgressGate = {
  open(_, sink) {
    setImmediate(() => sink.failed({ kind: "denied", message: "no way out" }));
    return { pull: () => undefined, abort: () => undefined };
  },
  ...noSockets,
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
  { walls = noWalls, ...parts }: SupervisorParts = {},
) {
  const quarantined: { version: string; message: string }[] = [];
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
      budget: ampleBudget,
      gate: closedGate,
      settingsOf: () => defaultSettings,
      ...parts,
      now: () => performance.now(),
      log: silent,
      warmthChanged: (container, version, isWarm) =>
        isWarm
          ? warm.add(`${container}/${version}`)
          : warm.delete(`${container}/${version}`),
      executorKilled: (cause) => killed.push(cause),
      quarantined: (container, key, message) =>
        quarantined.push({ version: `${container}/${key}`, message }),
    },
  );
  onTestFinished(() => supervisor.close());
  await supervisor.ready();
  return { supervisor, warm, killed, quarantined };
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
