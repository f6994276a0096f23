/** The name of the group in which one sandboxd makes its groups: it tells whether that sandboxd still lives. */
import { randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { parseStat } from "./process-stat.ts";
import { readIfAny, type TreeFiles } from "./tree-files.ts";

const namePattern = /^annex-(\d+)-(\d+)-(\d+)-[0-9a-f]+$/;

/** A name no other has. */
export function createRunName(files: TreeFiles): string {
  const { pid, startTicks } = statOf(files, "self") ?? {
    pid: process.pid,
    startTicks: "0",
  };
  return `annex-${pidNamespace(files)}-${pid}-${startTicks}-${randomBytes(4).toString("hex")}`;
}

/** Whether the name is that of a sandboxd which is gone. Of one with other pids than ours nothing can be said. */
export function isDeadRun(files: TreeFiles, name: string): boolean {
  const [, namespace, pid, startTicks] = namePattern.exec(name) ?? [];
  if (pid === undefined || namespace !== pidNamespace(files)) return false;
  return statOf(files, pid)?.startTicks !== startTicks;
}

function statOf(files: TreeFiles, process: string) {
  return parseStat(
    readIfAny(files, join(files.procFolder, process, "stat")) ?? "",
  );
}

/** Within which pids mean the same processes. */
function pidNamespace(files: TreeFiles): string {
  try {
    const link = readlinkSync(join(files.procFolder, "self/ns/pid"));
    return /\d+/.exec(link)?.[0] ?? "0";
  } catch {
    return "0";
  }
}
