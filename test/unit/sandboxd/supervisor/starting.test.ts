/** When executors are started, and those that never say that they are ready. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PacedStarts } from "../../../../sandboxd/supervisor/paced-starts.ts";
import {
  startPool,
  type ExecutorPool,
} from "../../../../sandboxd/supervisor/pool.ts";
import { createProcesses } from "../../../../sandboxd/supervisor/processes.ts";
import {
  fakeLauncher,
  type FakeLauncher,
} from "../../../support/fake-executors.ts";
import {
  ampleBudget,
  closedGate,
  testStart,
} from "../../../support/supervisor.ts";

const toFake = ["setTimeout", "clearTimeout", "performance"] as const;
beforeEach(() => void vi.useFakeTimers({ toFake: [...toFake] }));
afterEach(() => void vi.useRealTimers());

test("no process is started while the call that took a ready executor is likely to run", async () => {
  const launcher = fakeLauncher();
  const pool = poolOf(launcher, () => undefined);
  await pool.ready();
  await pool.take();
  await vi.advanceTimersByTimeAsync(40);
  expect(launcher.executors).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(20);
  expect(launcher.executors).toHaveLength(2);
  pool.close();
});

test("what is missing in several pools is started one process at a time", async () => {
  const starts = new PacedStarts();
  const launcher = fakeLauncher();
  const pools = [1, 2].map(() => poolOf(launcher, () => undefined, starts));
  for (const pool of pools) {
    await pool.ready();
    await pool.take();
  }
  for (const count of [3, 4]) {
    await vi.advanceTimersByTimeAsync(55);
    expect(launcher.executors).toHaveLength(count);
  }
  await vi.advanceTimersByTimeAsync(1000);
  expect(launcher.executors).toHaveLength(4);
  for (const pool of pools) pool.close();
});

test("who finds no executor ready has one started at once", async () => {
  const launcher = fakeLauncher();
  const pool = poolOf(launcher, () => undefined);
  await pool.ready();
  await pool.take();
  await pool.take();
  expect(launcher.executors).toHaveLength(2);
  pool.close();
});

test("an executor that never gets ready is ended, told of, and followed by another", async () => {
  const launcher = fakeLauncher({ start: () => undefined });
  const error = vi.fn<(fields: object, message: string) => void>();
  const pool = poolOf(launcher, error);
  const taking = pool.take().catch((refused: unknown) => refused);
  await vi.advanceTimersByTimeAsync(9000);
  expect(launcher.executors.some(({ isGone }) => isGone)).toBe(false);
  await vi.advanceTimersByTimeAsync(2100);
  expect(await taking).toMatchObject({
    code: "unavailable",
    message: "no executor can be started: it ended",
  });
  expect(error).toHaveBeenCalledWith(
    { ending: "not ready within 10000 ms" },
    "an executor could not be started",
  );
  expect(launcher.executors.map(({ isGone }) => isGone)).toEqual([true, false]);
  pool.close();
});

function poolOf(
  launcher: FakeLauncher,
  error: (fields: object, message: string) => void,
  starts = new PacedStarts(),
): ExecutorPool {
  return startPool({
    processes: createProcesses({
      launcher,
      budget: ampleBudget,
      returned: () => undefined,
    }),
    starts,
    start: testStart,
    limits: { memoryMb: 384, cpuPercent: 100 },
    size: 1,
    now: () => performance.now(),
    gate: closedGate,
    log: { error },
  });
}
