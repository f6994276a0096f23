/** A memory limit around what a test starts, as a pod has one. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { findHierarchies } from "../../sandboxd/limits/hierarchies.ts";
import { removeGroup } from "../../sandboxd/limits/remove-group.ts";
import { kernelFiles } from "../../sandboxd/limits/tree-files.ts";

export interface MemoryGroup {
  /** Processes begun by `start` are within the limit; we are back outside when it resolves. */
  within<Result>(start: () => Promise<Result>): Promise<Result>;
  /** How often the kernel had to kill because all of it together was too much. */
  kernelKills(): number;
  /** The most memory that was in use. */
  peakMb(): number;
}

/** Makes one for as long as the test runs; undefined where this machine lets us limit nobody. */
export function makeMemoryGroup(limitMb: number): MemoryGroup | undefined {
  const files = filesOf();
  if (!files) return undefined;
  const folder = join(files.ownFolder, `test-${process.pid}-${Date.now()}`);
  try {
    mkdirSync(folder);
    writeFileSync(join(folder, files.limit), String(limitMb * 1024 * 1024));
  } catch {
    return undefined;
  }
  onTestFinished(async () => void (await removeGroup(kernelFiles, folder)));
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  return {
    async within(start) {
      enter(folder);
      try {
        return await start();
      } finally {
        enter(files.ownFolder);
      }
    },
    kernelKills: () =>
      Number(/^oom_kill (\d+)$/m.exec(read(files.events))?.[1]),
    peakMb: () => Math.round(Number(read(files.peak)) / 1024 / 1024),
  };
}

function enter(groupFolder: string): void {
  writeFileSync(join(groupFolder, "cgroup.procs"), String(process.pid));
}

function filesOf() {
  const { byController, unified } = findHierarchies(kernelFiles);
  const memory = byController.get("memory");
  if (memory)
    return {
      ownFolder: memory.ownFolder,
      limit: "memory.limit_in_bytes",
      events: "memory.oom_control",
      peak: "memory.max_usage_in_bytes",
    };
  return (
    unified && {
      ownFolder: unified.ownFolder,
      limit: "memory.max",
      events: "memory.events.local",
      peak: "memory.peak",
    }
  );
}
