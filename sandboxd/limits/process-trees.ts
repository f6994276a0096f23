/**
 * Watched processes with all that they have started. A file of /proc that is held open belongs to one process for ever: it
 * can be read while that process lives and never tells of a later one with the same pid.
 */
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
} from "node:fs";
import { endProcess } from "./end-process.ts";
import { parseStat, type ProcessStat } from "./process-stat.ts";

export interface ProcessTree {
  /** The outermost. */
  readonly pid: number;
  /** Those that live, the outermost first. */
  readonly processes: ReadonlyMap<number, HeldProcess>;
}

interface HeldProcess {
  pid: number;
  /** Its /proc/PID/stat, open. */
  statFile: number;
}

interface GrowingTree extends ProcessTree {
  readonly processes: Map<number, HeldProcess>;
}

/** Type 6 of the auxiliary vector is the size of a page. */
const pageSizeType = 6n;

/** Of a stranger below a watched process. Pids that changed while they were read could lead round in a circle. */
const maxDepth = 16;

export class ProcessTrees {
  readonly #treeOf = new Map<number, GrowingTree>();
  /** Processes that belong to no tree, with their parents, so that each is asked for its own but once. */
  #strangers = new Map<number, number | undefined>();
  readonly #buffer = Buffer.alloc(4096);
  readonly #pageBytes = pageBytes();

  /** A process to watch; its tree is empty where it is gone. */
  add(pid: number, startTicks: string): ProcessTree {
    const tree: GrowingTree = { pid, processes: new Map() };
    const held = hold(pid);
    if (held && this.#read(held)?.startTicks === startTicks)
      this.#include(tree, held);
    else if (held) closeSync(held.statFile);
    this.#reconsider(pid);
    return tree;
  }

  remove(tree: ProcessTree): void {
    for (const held of tree.processes.values()) this.#release(held);
  }

  /** Looks for processes that those of a tree have started. */
  find(): void {
    if (this.#treeOf.size === 0) return;
    const pids = readdirSync("/proc").map(Number).filter(Boolean);
    const unknown = pids.filter(
      (pid) => !this.#treeOf.has(pid) && !this.#strangers.has(pid),
    );
    const parents = new Map(unknown.map((pid) => [pid, parentOf(pid)]));
    const unplaced = new Set(unknown);
    for (const pid of unknown) this.#place(pid, parents, unplaced);
    // Only those that are there: a pid that has gone may come again as another process.
    this.#strangers = new Map(
      pids
        .filter((pid) => !this.#treeOf.has(pid))
        .map((pid) => [pid, parents.get(pid) ?? this.#strangers.get(pid)]),
    );
  }

  /** What all processes of the tree have in RAM together; those that are gone leave the tree. */
  residentBytes(tree: ProcessTree): number {
    let pages = 0;
    for (const held of tree.processes.values()) {
      const stat = this.#read(held);
      if (stat) pages += stat.residentPages;
      else this.#release(held);
    }
    return pages * this.#pageBytes;
  }

  /** Ends what lives of the tree, and what it has started meanwhile. */
  kill(tree: ProcessTree): void {
    this.find();
    for (const held of [...tree.processes.values()].toReversed())
      // Just read, so the pid is still its own.
      if (this.#read(held)) endProcess(held.pid);
      else this.#release(held);
  }

  /** What a process started before it was known has been taken for strangers. */
  #reconsider(pid: number): void {
    const own = [...this.#strangers.keys()].filter((stranger) =>
      this.#descends(stranger, pid),
    );
    for (const stranger of own) this.#strangers.delete(stranger);
  }

  #descends(stranger: number, from: number): boolean {
    let pid: number | undefined = stranger;
    for (let steps = 0; pid !== undefined && steps < maxDepth; steps++) {
      if (pid === from) return true;
      pid = this.#strangers.get(pid);
    }
    return false;
  }

  /** Puts an unknown process where its parent is, which may be unknown itself. */
  #place(
    pid: number,
    parents: ReadonlyMap<number, number | undefined>,
    unplaced: Set<number>,
  ): void {
    // Each once, which also ends a circle of pids that changed while they were read.
    if (!unplaced.delete(pid)) return;
    const parent = parents.get(pid);
    if (parent === undefined) return;
    this.#place(parent, parents, unplaced);
    const tree = this.#treeOf.get(parent);
    const held = tree && hold(pid);
    if (!held) return;
    if (this.#read(held)?.parentPid === parent) this.#include(tree, held);
    else closeSync(held.statFile);
  }

  #include(tree: GrowingTree, held: HeldProcess): void {
    tree.processes.set(held.pid, held);
    this.#treeOf.set(held.pid, tree);
  }

  #release(held: HeldProcess): void {
    this.#treeOf.get(held.pid)?.processes.delete(held.pid);
    this.#treeOf.delete(held.pid);
    closeSync(held.statFile);
  }

  #read({ statFile }: HeldProcess): ProcessStat | undefined {
    try {
      const length = readSync(statFile, this.#buffer, 0, 4096, 0);
      return parseStat(this.#buffer.toString("latin1", 0, length));
    } catch {
      return undefined;
    }
  }
}

function hold(pid: number): HeldProcess | undefined {
  try {
    return { pid, statFile: openSync(`/proc/${pid}/stat`, "r") };
  } catch {
    return undefined;
  }
}

function parentOf(pid: number): number | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"))?.parentPid;
  } catch {
    return undefined;
  }
}

function pageBytes(): number {
  const vector = readFileSync("/proc/self/auxv");
  for (let at = 0; at + 16 <= vector.length; at += 16)
    if (vector.readBigUInt64LE(at) === pageSizeType)
      return Number(vector.readBigUInt64LE(at + 8));
  return 4096;
}
