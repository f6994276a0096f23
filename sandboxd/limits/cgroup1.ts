/** Limits by cgroup v1: a hierarchy for each controller, groups in each below our own. */
import { openCgroups } from "./cgroups.ts";
import {
  cpuQuota,
  memoryBytes,
  type Controller,
  type MemoryController,
} from "./controller.ts";
import type { Hierarchies } from "./hierarchies.ts";
import { Missing, type BackendOptions, type Limits } from "./limits.ts";

/** Throws Missing where memory cannot be limited; does without CPU and processes where only they cannot. */
export async function openCgroup1(
  { byController }: Hierarchies,
  options: BackendOptions,
): Promise<Limits> {
  const memory = byController.get("memory");
  if (!memory)
    throw new Missing("no cgroup v1 hierarchy with the memory controller");
  const cpu = byController.get("cpu");
  const pids = byController.get("pids");
  return await openCgroups(
    {
      name: "cgroup1",
      memory: memoryController(memory.ownFolder),
      others: [
        ...(cpu ? [cpuController(cpu.ownFolder)] : []),
        ...(pids
          ? [processController(pids.ownFolder, options.maxProcesses)]
          : []),
      ],
    },
    options,
  );
}

function memoryController(rootFolder: string): MemoryController {
  return {
    bounds: "memory",
    rootFolder,
    words: "the kernel kills above memory.limit_in_bytes (cgroup v1)",
    eventsFile: "memory.oom_control",
    knobs(next, before) {
      const memory = {
        name: "memory.limit_in_bytes",
        value: memoryBytes(next),
      };
      // Memory and swap together: never below memory alone, not even between the two writes. Not every kernel has it.
      const withSwap = {
        name: "memory.memsw.limit_in_bytes",
        value: memoryBytes(next),
        isOptional: true,
      };
      if (!before)
        return [
          memory,
          withSwap,
          { name: "memory.swappiness", value: "0", isOptional: true },
        ];
      return next.memoryMb > before.memoryMb
        ? [withSwap, memory]
        : [memory, withSwap];
    },
  };
}

function cpuController(rootFolder: string): Controller {
  return {
    bounds: "cpu",
    rootFolder,
    words: "cpu.cfs_quota_us in each period of 20 ms (cgroup v1)",
    knobs({ cpuPercent }) {
      const { quotaUs, periodUs } = cpuQuota(cpuPercent);
      return [
        // Without a quota first: the kernel refuses a period that with the old quota would pass that of the group above.
        { name: "cpu.cfs_quota_us", value: "-1" },
        { name: "cpu.cfs_period_us", value: String(periodUs) },
        // Refused where the group above has less: then that bounds it.
        {
          name: "cpu.cfs_quota_us",
          value: String(quotaUs),
          isOptional: true,
        },
      ];
    },
  };
}

function processController(
  rootFolder: string,
  maxProcesses: number,
): Controller {
  return {
    bounds: "processes",
    rootFolder,
    words: `pids.max ${maxProcesses} (cgroup v1)`,
    knobs: (_, before) =>
      before ? [] : [{ name: "pids.max", value: String(maxProcesses) }],
  };
}
