import { expect, test } from "vitest";
import {
  checkContainerLimits,
  checkPointLimits,
  noContainerLimits,
  noPointLimits,
} from "../../../../controlplane/domain/limits.ts";

test("no limits at all are fine, and so are the ends of every range", () => {
  checkContainerLimits(noContainerLimits);
  checkPointLimits(noPointLimits);
  checkContainerLimits({
    heapMb: 4096,
    memoryMb: 16_384,
    cpuPercent: 6400,
    cpuMs: 300_000,
    syncMs: 300_000,
    wallMs: 300_000,
    maxRunningCalls: 10_000,
    maxQueuedCalls: 10_000,
    maxExecutors: 1000,
    maxEgressRequests: 10_000,
    maxEgressBytes: 1024 ** 3,
    egressMs: 300_000,
    egressBytesPerSecond: 1024 ** 3,
  });
  checkContainerLimits({ ...noContainerLimits, heapMb: 16, memoryMb: 128 });
});

test.each([
  [{ heapMb: 15 }, "limits.heap_mb is 15: it is 16 to 4096, or 0 for"],
  [{ heapMb: 4097 }, "limits.heap_mb is 4097: it is 16 to 4096"],
  [{ memoryMb: 127 }, "limits.memory_mb is 127: it is 128 to 16384"],
  [{ cpuPercent: 6401 }, "limits.cpu_percent is 6401: it is 1 to 6400"],
  [{ cpuMs: 300_001 }, "limits.cpu_ms is 300001: it is 1 to 300000"],
  [{ syncMs: -1 }, "limits.sync_ms is -1"],
  [{ wallMs: 0.5 }, "limits.wall_ms is 0.5"],
  [{ maxRunningCalls: 10_001 }, "limits.max_running_calls is 10001"],
  [{ maxExecutors: 1001 }, "limits.max_executors is 1001"],
  [{ maxEgressBytes: 1023 }, "limits.max_egress_bytes is 1023"],
  [{ egressBytesPerSecond: 1 }, "limits.egress_bytes_per_second is 1"],
])("%j is refused with field, value and range", (limits, message) => {
  expect(() =>
    checkContainerLimits({ ...noContainerLimits, ...limits }),
  ).toThrow(message);
});

test("a process needs room besides its heap", () => {
  const limits = { ...noContainerLimits, heapMb: 128, memoryMb: 192 };
  checkContainerLimits(limits);
  expect(() => checkContainerLimits({ ...limits, memoryMb: 191 })).toThrow(
    "limits.memory_mb is 191: with limits.heap_mb 128 it is at least 192",
  );
});

test("a point's limits are checked too", () => {
  expect(() => checkPointLimits({ ...noPointLimits, wallMs: 300_001 })).toThrow(
    "limits.wall_ms is 300001: it is 1 to 300000, or 0 for what the container may",
  );
});
