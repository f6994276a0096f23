/** Tries a control group with a real, short process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { enterCommand } from "./enter.ts";
import type { Group } from "./group.ts";
import type { TreeFiles } from "./tree-files.ts";

const maxTryMs = 5000;

/** Throws where a process does not get into the group. */
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
