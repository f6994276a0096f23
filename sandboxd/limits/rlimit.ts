/**
 * Limits where no control group is ours, as in an ordinary pod: a thread of its own looks at what executors have in RAM and
 * kills above the limit; nothing but a lower priority bounds their CPU. RLIMIT_DATA is no help: it counts the half GiB that
 * V8 reserves for the code of each isolate, so that one which lets an executor hold its isolates bounds nothing.
 */
import { join } from "node:path";
import { enterCommand } from "./enter.ts";
import {
  Missing,
  type BackendOptions,
  type Enclosure,
  type Limits,
} from "./limits.ts";
import { startMemoryWatch, type WatchedProcess } from "./memory-watch.ts";
import { parseStat } from "./process-stat.ts";
import { readIfAny } from "./tree-files.ts";

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
        "killed above the limit by sandboxd, which looks every 2 to 100 ms, at least every 20 while it grows",
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
