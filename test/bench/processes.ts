/** What Linux tells of processes: who started whom, and how much memory is whose. */
import { readdir, readFile } from "node:fs/promises";

/** The children of a process, of all its threads, oldest first. */
export async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(
    threads.map((thread) => text(`/proc/${pid}/task/${thread}/children`)),
  );
  return lists
    .flatMap((list) => list.split(" "))
    .filter((word) => word.trim() !== "")
    .map(Number)
    .toSorted((one, other) => one - other);
}

/** The command line of a process. */
export async function commandOf(pid: number): Promise<string> {
  return (await text(`/proc/${pid}/cmdline`)).replaceAll("\0", " ").trim();
}

/** The proportional set size of a process and all it started: shared pages are split among those who share them. */
export async function pssMbOf(pid: number): Promise<number> {
  const rollup = await text(`/proc/${pid}/smaps_rollup`);
  const [, kb = "0"] = /^Pss:\s+(\d+) kB$/m.exec(rollup) ?? [];
  let mb = Number(kb) / 1024;
  for (const child of await childrenOf(pid)) mb += await pssMbOf(child);
  return mb;
}

/** A process may end while it is looked at. */
async function text(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch {
    return "";
  }
}
