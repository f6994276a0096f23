/** What the kernel tells of a daemon's processes. */
import { readdir, readFile } from "node:fs/promises";

/** The pids of a process's children. */
export async function childrenOf(pid: number): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const parents = await Promise.all(pids.map(parentOf));
  return pids.filter((_, index) => parents[index] === pid).map(Number);
}

/** The pids of all that a process has started, and of all that those have: behind walls too. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const children = await childrenOf(pid);
  const below = await Promise.all(children.map(descendantsOf));
  return [...children, ...below.flat()];
}

/** How much memory a process has in RAM. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return Number(kilobytes) * 1024;
}

/** How much processor time a process has had, in the kernel's ticks. */
export async function processorTicks(pid: number): Promise<number> {
  const fields = await statOf(String(pid));
  return Number(fields[11]) + Number(fields[12]);
}

async function parentOf(pid: string): Promise<number> {
  const [, parent] = await statOf(pid).catch(() => []);
  return Number(parent); // NaN of one that has gone meanwhile
}

/** The fields behind the command's name, which may hold anything. */
async function statOf(pid: string): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}
