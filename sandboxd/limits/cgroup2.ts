/**
 * Limits by cgroup v2. A group that hands controllers down may hold no process itself, so sandboxd first moves into a leaf
 * beside its executors' groups.
 */
import { basename, dirname, join } from "node:path";
import { openCgroups } from "./cgroups.ts";
import {
  cpuQuota,
  memoryBytes,
  type Controller,
  type MemoryController,
} from "./controller.ts";
import type { Hierarchies, Hierarchy } from "./hierarchies.ts";
import { Missing, type BackendOptions, type Limits } from "./limits.ts";
import { errorCode, readIfAny, type TreeFiles } from "./tree-files.ts";

/** The leaf we move into. */
const leafName = "annex-supervisor";

/** Throws Missing where memory cannot be limited; does without CPU and processes where only they cannot. */
export async function openCgroup2(
  { unified }: Hierarchies,
  options: BackendOptions,
): Promise<Limits> {
  if (!unified) throw new Missing("cgroup v2 is not mounted");
  const { files, maxProcesses } = options;
  const base = baseOf(unified);
  const offered = wordsOf(files, join(base, "cgroup.controllers"));
  if (!offered.includes("memory"))
    throw new Missing(
      `the memory controller is not delegated to ${base} (cgroup.controllers)`,
    );
  const makeRoom = () => moveIntoLeaf(files, base, base === unified.topFolder);
  handDown(files, base, "memory", makeRoom);
  const isHandedDown = (controller: string) =>
    offered.includes(controller) && canHandDown(files, base, controller);
  return await openCgroups(
    {
      name: "cgroup2",
      memory: memoryController(base),
      others: [
        ...(isHandedDown("cpu") ? [cpuController(base)] : []),
        ...(isHandedDown("pids")
          ? [processController(base, maxProcesses)]
          : []),
      ],
      handedDown: ["memory", "cpu", "pids"].filter((controller) =>
        wordsOf(files, join(base, "cgroup.subtree_control")).includes(
          controller,
        ),
      ),
    },
    options,
  );
}

/** A sandboxd started by another one finds itself in that one's leaf. */
function baseOf({ ownFolder, topFolder }: Hierarchy): string {
  const isLeaf = basename(ownFolder) === leafName && ownFolder !== topFolder;
  return isLeaf ? dirname(ownFolder) : ownFolder;
}

function canHandDown(
  files: TreeFiles,
  base: string,
  controller: string,
): boolean {
  try {
    handDown(files, base, controller);
    return true;
  } catch {
    return false;
  }
}

/** Lets groups in `base` use the controller; where processes stand in the way, calls `makeRoom` first. */
function handDown(
  files: TreeFiles,
  base: string,
  controller: string,
  makeRoom?: () => void,
): void {
  const file = join(base, "cgroup.subtree_control");
  if (wordsOf(files, file).includes(controller)) return;
  try {
    files.write(file, `+${controller}`);
  } catch (error) {
    if (!makeRoom || errorCode(error) !== "EBUSY")
      throw new Missing(`${file} cannot be written`, error);
    makeRoom();
    handDown(files, base, controller);
  }
}

/** Moves this process, and where the group is all of a container also what else is in it, out of `base`. */
function moveIntoLeaf(
  files: TreeFiles,
  base: string,
  isAllWeSee: boolean,
): void {
  const leaf = join(base, leafName, "cgroup.procs");
  try {
    makeLeaf(files, join(base, leafName));
    files.write(leaf, String(process.pid));
    const others = wordsOf(files, join(base, "cgroup.procs"));
    if (isAllWeSee) for (const pid of others) files.write(leaf, pid);
    else if (others.length > 0)
      throw new Error(`processes ${others.join(", ")} are in our group`);
  } catch (error) {
    moveBack(files, base);
    throw new Missing(
      `sandboxd cannot have ${base} for itself: start it in a group of its own (systemd: Delegate=yes)`,
      error,
    );
  }
}

function makeLeaf(files: TreeFiles, folder: string): void {
  try {
    files.makeFolder(folder);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
}

function moveBack(files: TreeFiles, base: string): void {
  try {
    files.write(join(base, "cgroup.procs"), String(process.pid));
    files.removeFolderNow(join(base, leafName));
  } catch {
    // Then we stay there: a leaf bounds nothing.
  }
}

function wordsOf(files: TreeFiles, file: string): string[] {
  return (readIfAny(files, file) ?? "").split(/\s+/).filter(Boolean);
}

function memoryController(rootFolder: string): MemoryController {
  return {
    bounds: "memory",
    rootFolder,
    words: "the kernel kills above memory.max, without swap (cgroup v2)",
    eventsFile: "memory.events",
    knobs: (next, before) => [
      { name: "memory.max", value: memoryBytes(next) },
      ...(before
        ? []
        : [
            { name: "memory.swap.max", value: "0", isOptional: true },
            { name: "memory.oom.group", value: "1", isOptional: true },
          ]),
    ],
  };
}

function cpuController(rootFolder: string): Controller {
  return {
    bounds: "cpu",
    rootFolder,
    words: "cpu.max in each period of 20 ms (cgroup v2)",
    knobs({ cpuPercent }) {
      const { quotaUs, periodUs } = cpuQuota(cpuPercent);
      return [{ name: "cpu.max", value: `${quotaUs} ${periodUs}` }];
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
    words: `pids.max ${maxProcesses} (cgroup v2)`,
    knobs: (_, before) =>
      before ? [] : [{ name: "pids.max", value: String(maxProcesses) }],
  };
}
