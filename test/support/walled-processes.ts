/** The processes behind a sandboxd's walls, found from outside as an auditor would. */
import { constants } from "node:fs";
import { readFile, readdir, readlink } from "node:fs/promises";
import { childrenOf } from "./processes.ts";

/** The innermost processes below sandboxd: the programs themselves, whatever walls them. */
export async function programsOf(sandboxdPid: number): Promise<number[]> {
  const programs: number[] = [];
  for (const child of await childrenOf(sandboxdPid))
    programs.push(...(await leavesOf(child)));
  return programs;
}

/** The executors' programs. */
export async function executorsOf(sandboxdPid: number): Promise<number[]> {
  return await bundlesOf(sandboxdPid, (isExecutor) => isExecutor);
}

/** The broker's program. */
export async function brokerOf(sandboxdPid: number): Promise<number> {
  const [broker] = await bundlesOf(sandboxdPid, (isExecutor) => !isExecutor);
  if (broker === undefined) throw new Error("no broker runs");
  return broker;
}

/** Fields of /proc/PID/status, e.g. CapEff, Seccomp. */
export async function statusOf(pid: number): Promise<Record<string, string>> {
  const text = await readFile(`/proc/${pid}/status`, "utf8");
  return Object.fromEntries(
    text
      .trim()
      .split("\n")
      .map((line) => line.split(/:\s*/, 2) as [string, string]),
  );
}

/** What a process has mounted: where, and with which options. */
export async function mountsOf(
  pid: number,
): Promise<{ path: string; options: string[]; kind: string }[]> {
  const text = await readFile(`/proc/${pid}/mountinfo`, "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [mount = "", source = ""] = line.split(" - ");
      const [, , , , path = "", options = ""] = mount.split(" ");
      return {
        path,
        options: options.split(","),
        kind: source.split(" ")[0] ?? "",
      };
    });
}

/** What a process's descriptors are, by number. */
export async function descriptorsOf(
  pid: number,
): Promise<Record<string, string>> {
  const numbers = await readdir(`/proc/${pid}/fd`);
  const entries = await Promise.all(
    numbers.map(
      async (number) =>
        [number, await readlink(`/proc/${pid}/fd/${number}`)] as const,
    ),
  );
  return Object.fromEntries(entries);
}

/** Whether what a descriptor was opened for is reading alone. */
export async function isReadOnly(
  pid: number,
  descriptor: string,
): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/fdinfo/${descriptor}`, "utf8");
  const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(text)?.[1] ?? "1", 8);
  const accessModes = constants.O_WRONLY | constants.O_RDWR;
  return (flags & accessModes) === constants.O_RDONLY;
}

/** Node with one bundle of ours; only executors run without V8's snapshot. */
async function bundlesOf(
  sandboxdPid: number,
  isWanted: (isExecutor: boolean) => boolean,
): Promise<number[]> {
  const found: number[] = [];
  for (const pid of await programsOf(sandboxdPid)) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    const words = line.split("\0").filter(Boolean);
    if (!words.at(-1)?.endsWith(".cjs")) continue;
    if (isWanted(words.includes("--no-node-snapshot"))) found.push(pid);
  }
  return found;
}

async function leavesOf(pid: number): Promise<number[]> {
  const children = await childrenOf(pid);
  if (children.length === 0) return [pid];
  const leaves: number[] = [];
  for (const child of children) leaves.push(...(await leavesOf(child)));
  return leaves;
}
