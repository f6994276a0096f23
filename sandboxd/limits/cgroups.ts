/** Limits by control groups, whichever version: tries every controller with a real process, and keeps those that hold. */
import { join } from "node:path";
import { AnnexError } from "../../proto/errors.ts";
import type { Controller, MemoryController } from "./controller.ts";
import { endProcess } from "./end-process.ts";
import { enterCommand } from "./enter.ts";
import { makeGroup, tryGroup, type Group } from "./group.ts";
import {
  Missing,
  type BackendOptions,
  type Enclosure,
  type Holdings,
  type Limits,
  type ProcessLimits,
} from "./limits.ts";
import { ReadyGroups } from "./ready-groups.ts";
import { removeGroup, removeLeftovers } from "./remove-group.ts";
import { createRunName } from "./run-name.ts";
import { errorCode, readIfAny } from "./tree-files.ts";

export interface CgroupVersion {
  name: "cgroup1" | "cgroup2";
  memory: MemoryController;
  others: Controller[];
  /** Of cgroup v2: what groups of ours hand down to theirs. */
  handedDown?: string[];
}

const triedLimits: ProcessLimits = { memoryMb: 64, cpuPercent: 50 };

/** Throws Missing where memory cannot be limited. */
export async function openCgroups(
  version: CgroupVersion,
  options: BackendOptions,
): Promise<Limits> {
  const { files, log } = options;
  const { memory, name } = version;
  const run = createRunName(files);
  const runFolders = new Set<string>();
  const removals = new Set<Promise<unknown>>();
  let ready: ReadyGroups | undefined;
  const leave = async () => {
    await ready?.close();
    await Promise.all(removals);
    for (const folder of runFolders) await removeGroup(files, folder);
  };

  const held = await keepWorking();
  for (const rootFolder of new Set(held.map((each) => each.rootFolder)))
    track(removeLeftovers(files, rootFolder));
  let count = 0;
  ready = new ReadyGroups(() => ({
    files,
    controllers: held,
    path: join(run, String(++count)),
  }));
  const groups = ready;
  return {
    name,
    holds: holdingsOf(held, options.maxOpenFiles),
    memoryLimitBytes: options.memoryLimitBytes,
    enclose,
    close: leave,
  };

  async function keepWorking(): Promise<Controller[]> {
    try {
      await tryController(memory);
    } catch (error) {
      await leave();
      throw new Missing(
        `no memory limit can be set in ${memory.rootFolder}`,
        error,
      );
    }
    const working: Controller[] = [memory];
    for (const controller of version.others)
      try {
        await tryController(controller);
        working.push(controller);
      } catch (error) {
        const { bounds, rootFolder } = controller;
        log.warn({ bounds, rootFolder, err: error }, "limit cannot be set");
      }
    return working;
  }

  async function tryController(controller: Controller): Promise<void> {
    makeRunFolder(controller.rootFolder);
    const group = makeGroup(
      { files, controllers: [controller], path: join(run, "0") },
      triedLimits,
    );
    try {
      await tryGroup(files, group, options.maxOpenFiles);
    } finally {
      await group.remove();
    }
  }

  function makeRunFolder(rootFolder: string): void {
    const folder = join(rootFolder, run);
    if (runFolders.has(folder)) return;
    files.makeFolder(folder);
    runFolders.add(folder);
    if (version.handedDown)
      files.write(
        join(folder, "cgroup.subtree_control"),
        version.handedDown.map((controller) => `+${controller}`).join(" "),
      );
  }

  function enclose(limits: ProcessLimits): Enclosure {
    const group = makeNext(limits);
    return createEnclosure(group, memory, {
      ...options,
      released: () => track(group.remove().then(noteRemoval)),
    });

    function noteRemoval(isGone: boolean): void {
      if (!isGone)
        log.warn({ folders: group.folders }, "control group cannot be removed");
    }
  }

  function makeNext(limits: ProcessLimits): Group {
    try {
      return groups.take(limits);
    } catch (error) {
      throw new AnnexError(
        "unavailable",
        `no control group can be made for an executor in ${memory.rootFolder}`,
        { cause: error },
      );
    }
  }

  function track(removal: Promise<unknown>): void {
    removals.add(removal);
    void removal.finally(() => removals.delete(removal));
  }
}

function holdingsOf(held: Controller[], maxOpenFiles: number): Holdings {
  const words = (bounds: Controller["bounds"], otherwise: string) =>
    held.find((controller) => controller.bounds === bounds)?.words ?? otherwise;
  return {
    memory: words("memory", ""),
    cpu: words("cpu", "nothing: no group with the cpu controller is ours"),
    processes: words(
      "processes",
      "the memory they need: no group with the pids controller is ours",
    ),
    files: `RLIMIT_NOFILE ${maxOpenFiles}`,
  };
}

function createEnclosure(
  group: Group,
  memory: MemoryController,
  {
    files,
    maxOpenFiles,
    log,
    released,
  }: BackendOptions & { released: () => void },
): Enclosure {
  const eventsFile = join(group.folderOf(memory), memory.eventsFile);
  let pid: number | undefined;
  let isReleased = false;
  let isOutOfMemory = false;
  return {
    wrap: (command) =>
      enterCommand({ groupFolders: group.folders, maxOpenFiles }, command),
    started(startedPid) {
      pid = startedPid;
    },
    confine(limits) {
      if (isReleased) return;
      group.confine(limits).catch((error: unknown) => {
        if (isReleased) return;
        // Of cgroup v1: it uses more than it may from now on, and nothing of it can be taken back.
        if (errorCode(error) === "EBUSY") return endIt();
        log.warn({ pid, limits, err: error }, "limits cannot be changed");
      });
    },
    isOutOfMemory: () => (isOutOfMemory ||= oomKills() > 0),
    release() {
      if (isReleased) return;
      isOutOfMemory ||= oomKills() > 0;
      isReleased = true;
      released();
    },
  };

  function endIt(): void {
    isOutOfMemory = true;
    if (pid !== undefined) endProcess(pid);
  }

  function oomKills(): number {
    if (isReleased) return 0;
    const text = readIfAny(files, eventsFile) ?? "";
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
  }
}
