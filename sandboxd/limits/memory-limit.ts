/** How much memory this sandboxd and all that it starts may use together. */
import { dirname, join } from "node:path";
import type { Hierarchies, Hierarchy } from "./hierarchies.ts";
import { readIfAny, type TreeFiles } from "./tree-files.ts";

/** The smallest of the machine's memory and the limits of our group and of every group around it that can be seen, in bytes. */
export function readMemoryLimit(
  files: TreeFiles,
  { unified, byController }: Hierarchies,
): number {
  const memory = byController.get("memory");
  const limits = [
    machineBytes(files),
    ...(unified ? limitsAbove(files, unified, "memory.max") : []),
    ...(memory ? limitsAbove(files, memory, "memory.limit_in_bytes") : []),
    ...(memory ? [hierarchicalLimit(files, memory)] : []),
  ];
  return Math.min(...limits);
}

function machineBytes(files: TreeFiles): number {
  const text = readIfAny(files, join(files.procFolder, "meminfo")) ?? "";
  const kilobytes = /^MemTotal:\s+(\d+) kB$/m.exec(text)?.[1];
  return kilobytes === undefined ? Infinity : Number(kilobytes) * 1024;
}

function limitsAbove(
  files: TreeFiles,
  { topFolder, ownFolder }: Hierarchy,
  name: string,
): number[] {
  const limits: number[] = [];
  for (let folder = ownFolder; ; folder = dirname(folder)) {
    limits.push(bytesOf(readIfAny(files, join(folder, name))));
    if (folder === topFolder || folder === dirname(folder)) return limits;
  }
}

/** cgroup v1 also tells of the groups that cannot be seen. */
function hierarchicalLimit(files: TreeFiles, { ownFolder }: Hierarchy): number {
  const text = readIfAny(files, join(ownFolder, "memory.stat")) ?? "";
  return bytesOf(/^hierarchical_memory_limit (\d+)$/m.exec(text)?.[1]);
}

/** "max" is no limit, and so is what cannot be read; cgroup v1 writes a number larger than any machine. */
function bytesOf(text: string | undefined): number {
  const bytes = Number.parseInt(text ?? "", 10);
  return Number.isNaN(bytes) ? Infinity : bytes;
}
