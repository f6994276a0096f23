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
export function makeGroup(
  { files, controllers, path }: GroupOptions,
  first: ProcessLimits,
): Group {
  const folderOf = (controller: Controller) =>
    join(controller.rootFolder, path);
  const folders = [...new Set(controllers.map(folderOf))];
  const remove = async () => {
    const gone = await Promise.all(
      folders.map((folder) => removeGroup(files, folder)),
    );
    return gone.every(Boolean);
  };
  try {
    for (const folder of folders) files.makeFolder(folder);
    for (const knob of knobsOf(first, undefined))
      try {
        files.write(knob.file, knob.value);
      } catch (error) {
        if (!knob.isOptional) throw error;
      }
  } catch (error) {
    void remove();
    throw error;
  }

  let current = first;
  let written = Promise.resolve();
  return {
    folders,
    folderOf,
    confine(limits) {
      const knobs = knobsOf(limits, current);
      current = limits;
      const writing = written.then(() => writeAll(knobs));
      // Whoever wrote first hears of it; the next one writes all the same.
      written = writing.catch(() => undefined);
      return writing;
    },
    async remove() {
      await written;
      return await remove();
    },
  };

  function knobsOf(next: ProcessLimits, before: ProcessLimits | undefined) {
    return controllers.flatMap((controller) =>
      controller.knobs(next, before).map((knob) => ({
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
