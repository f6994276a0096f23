/** The control groups of one enclosure: one folder in each hierarchy that bounds something. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Controller } from "./controller.ts";
import { enterCommand } from "./enter.ts";
import type { ProcessLimits } from "./limits.ts";
import { removeGroup } from "./remove-group.ts";
import type { TreeFiles } from "./tree-files.ts";

export interface Group {
  readonly folders: readonly string[];
  folderOf(controller: Controller): string;
  /** Writes the limits of a group nothing is in yet; throws where the kernel refuses one. */
  confineNow(limits: ProcessLimits): void;
  /** Writes the limits once all that was written before has been; rejects where the kernel refuses one. */
  confine(limits: ProcessLimits): Promise<void>;
  /** Ends what is left in it and removes it; resolves with whether it is gone. */
  remove(): Promise<boolean>;
}

export interface GroupOptions {
  files: TreeFiles;
  controllers: readonly Controller[];
  /** Below each controller's root: this sandboxd's group and the new one's name. */
  path: string;
}

const maxTryMs = 5000;

/** Makes the folders and writes the limits; throws, leaving nothing, where the kernel refuses. */
export function makeGroup(options: GroupOptions, first: ProcessLimits): Group {
  const group = createGroup(options);
  try {
    for (const folder of group.folders) options.files.makeFolder(folder);
    group.confineNow(first);
  } catch (error) {
    void group.remove();
    throw error;
  }
  return group;
}

/**
 * The same beside other work, with limits where they are known already: to make a folder or to write a limit took the
 * kernel up to 18 ms.
 */
export async function makeGroupAhead(
  options: GroupOptions,
  expected: ProcessLimits | undefined,
): Promise<Group> {
  const group = createGroup(options);
  try {
    for (const folder of group.folders)
      await options.files.makeFolderLater(folder);
    if (expected) await group.confine(expected);
  } catch (error) {
    await group.remove();
    throw error;
  }
  return group;
}

function createGroup({ files, controllers, path }: GroupOptions): Group {
  const folderOf = (controller: Controller) =>
    join(controller.rootFolder, path);
  const folders = [...new Set(controllers.map(folderOf))];
  let current: ProcessLimits | undefined;
  let written = Promise.resolve();
  return {
    folders,
    folderOf,
    confineNow(limits) {
      if (isSame(current, limits)) return;
      for (const knob of knobsOf(limits))
        try {
          files.write(knob.file, knob.value);
        } catch (error) {
          if (!knob.isOptional) throw error;
        }
      current = limits;
    },
    confine(limits) {
      const knobs = knobsOf(limits);
      current = limits;
      const writing = written.then(() => writeAll(knobs));
      // Whoever wrote first hears of it; the next one writes all the same.
      written = writing.catch(() => undefined);
      return writing;
    },
    async remove() {
      await written;
      const gone = await Promise.all(
        folders.map((folder) => removeGroup(files, folder)),
      );
      return gone.every(Boolean);
    },
  };

  function knobsOf(next: ProcessLimits) {
    return controllers.flatMap((controller) =>
      controller.knobs(next, current).map((knob) => ({
        ...knob,
        file: join(folderOf(controller), knob.name),
      })),
    );
  }

  /** Not in this thread: to lower a limit the kernel may have to find memory first. */
  async function writeAll(knobs: ReturnType<typeof knobsOf>): Promise<void> {
    for (const knob of knobs)
      try {
        await files.writeLater(knob.file, knob.value);
      } catch (error) {
        if (!knob.isOptional) throw error;
      }
  }
}

function isSame(one: ProcessLimits | undefined, other: ProcessLimits): boolean {
  return (
    one?.memoryMb === other.memoryMb && one.cpuPercent === other.cpuPercent
  );
}

/** Puts a real, short process into the group; throws where it does not get in. */
export async function tryGroup(
  files: TreeFiles,
  group: Group,
  maxOpenFiles: number,
): Promise<void> {
  const [shell = "", ...args] = enterCommand(
    { groupFolders: group.folders, maxOpenFiles },
    ["/bin/sh", "-c", "echo in; read end"],
  );
  const child = spawn(shell, args, {
    stdio: ["pipe", "pipe", "ignore"],
    timeout: maxTryMs,
    killSignal: "SIGKILL",
  });
  const closed = once(child, "close");
  closed.catch(() => undefined); // seen below
  try {
    await Promise.race([once(child.stdout, "data"), closed]);
    for (const folder of group.folders) {
      const procs = files.read(join(folder, "cgroup.procs")).split("\n");
      if (!procs.includes(String(child.pid)))
        throw new Error(`no process can be put into ${folder}`);
    }
  } finally {
    child.kill("SIGKILL");
    await closed;
  }
}
