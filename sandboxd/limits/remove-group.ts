/** Control groups go when the last process in them has: that takes the kernel a moment. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { endProcess } from "./end-process.ts";
import { isDeadRun } from "./run-name.ts";
import { errorCode, readIfAny, type TreeFiles } from "./tree-files.ts";

const maxAttempts = 30;
const maxPauseMs = 200;

/** Removes a group, ending what is left in it; resolves with whether it is gone. */
export async function removeGroup(
  files: TreeFiles,
  folder: string,
): Promise<boolean> {
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    try {
      await files.removeFolder(folder);
      return true;
    } catch (error) {
      if (errorCode(error) === "ENOENT") return true;
      if (errorCode(error) !== "EBUSY") return false;
    }
    if (attempt > 1) endAllIn(files, folder);
    await delay(Math.min(2 ** attempt, maxPauseMs));
  }
  return false;
}

/** Removes in `rootFolder` what a sandboxd that was killed has left there. */
export async function removeLeftovers(
  files: TreeFiles,
  rootFolder: string,
): Promise<void> {
  const dead = listIfAny(files, rootFolder).filter((name) =>
    isDeadRun(files, name),
  );
  for (const name of dead) {
    const run = join(rootFolder, name);
    const groups = listIfAny(files, run).filter((entry) => /^\d+$/.test(entry));
    for (const group of groups) await removeGroup(files, join(run, group));
    await removeGroup(files, run);
  }
}

function endAllIn(files: TreeFiles, folder: string): void {
  try {
    // cgroup v2, since Linux 5.14: nothing that forks meanwhile gets away.
    files.write(join(folder, "cgroup.kill"), "1");
    return;
  } catch {
    // Then one by one.
  }
  const pids = readIfAny(files, join(folder, "cgroup.procs")) ?? "";
  for (const pid of pids.split("\n").map(Number)) endProcess(pid);
}

function listIfAny(files: TreeFiles, folder: string): string[] {
  try {
    return files.list(folder);
  } catch {
    return [];
  }
}
