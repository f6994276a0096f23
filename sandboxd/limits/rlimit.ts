/**
 * Limits where no control group is ours, as in an ordinary pod: what a process may allocate is bounded by RLIMIT_DATA, and a
 * thread of its own looks at what it has and kills above its limit. Nothing but its lower priority bounds CPU.
 */
import { join } from "node:path";
import { enterCommand } from "./enter.ts";
import type { BackendOptions, Enclosure, Limits } from "./limits.ts";
import { startMemoryWatch, type WatchedProcess } from "./memory-watch.ts";
import { Missing } from "./missing.ts";
import { parseStat } from "./process-stat.ts";
import { readIfAny } from "./tree-files.ts";

/** Node does not start with less; with more, one allocation could be larger than many a pod. */
const leastDataBytes = 2 * 1024 ** 3;
const executorNice = 5;
const bytesPerMb = 1024 * 1024;

/** Throws Missing where /proc does not tell of processes. */
export async function openRlimit(options: BackendOptions): Promise<Limits> {
  const { files, maxOpenFiles, maxProcesses } = options;
  if (startTicksOf("self") === undefined)
    throw new Missing(`${files.procFolder} does not tell of processes`);
  const watch = await startMemoryWatch(options);

  return {
    name: "rlimit",
    holds: {
      memory:
        "RLIMIT_DATA 2 GiB, and a kill above the limit: what is resident is looked at every 2 to 100 ms, every 20 while it grows",
      cpu: `nothing but a lower priority (nice ${executorNice}): no control group is ours`,
      processes: `more than ${maxProcesses} are killed when they are seen, within 100 ms; threads are not counted`,
      files: `RLIMIT_NOFILE ${maxOpenFiles}`,
    },
    memoryLimitBytes: options.memoryLimitBytes,
    enclose({ memoryMb }) {
      return createEnclosure(memoryMb);
    },
    close: () => watch.close(),
  };

  function createEnclosure(firstMb: number): Enclosure {
    let memoryMb = firstMb;
    let watched: WatchedProcess | undefined;
    return {
      wrap: (command) =>
        enterCommand(
          {
            groupFolders: [],
            maxOpenFiles,
            // What is mapped is more than what is resident.
            dataBytes: Math.max(leastDataBytes, 2 * firstMb * bytesPerMb),
            nice: executorNice,
          },
          command,
        ),
      started(pid) {
        const startTicks = startTicksOf(String(pid));
        if (startTicks === undefined) return; // it has ended already
        watched = watch.watch({
          pid,
          startTicks,
          maxBytes: memoryMb * bytesPerMb,
        });
      },
      confine(limits) {
        memoryMb = limits.memoryMb;
        watched?.confine(memoryMb * bytesPerMb);
      },
      isOutOfMemory: () => watched?.isOutOfMemory() ?? false,
      release: () => watched?.forget(),
    };
  }

  function startTicksOf(process: string): string | undefined {
    const file = join(files.procFolder, process, "stat");
    return parseStat(readIfAny(files, file) ?? "")?.startTicks;
  }
}
