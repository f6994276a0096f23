/** What `stat` tells, in the numbers that Node's library reads. */
import type { Exports } from "../realm.ts";
import { maxFileBytes, maxFiles, type Node, type Room } from "./nodes.ts";

const fields = 18;
const blockBytes = 512;
const pageBytes = 4096;
const msPerSecond = 1000;
const nsPerMs = 1e6;

export interface Kinds {
  readonly S_IFREG: number;
  readonly S_IFDIR: number;
  readonly S_IFLNK: number;
}

export function kindsOf(constants: Exports): Kinds {
  const read = (name: string) => Number(constants[name]);
  return {
    S_IFREG: read("S_IFREG"),
    S_IFDIR: read("S_IFDIR"),
    S_IFLNK: read("S_IFLNK"),
  };
}

export function statsOf(
  node: Node,
  kinds: Kinds,
  bigint: unknown,
): Float64Array | BigInt64Array {
  const values = numbersOf(node, kinds);
  if (bigint !== true) return Float64Array.from(values);
  return BigInt64Array.from(values, (value) => BigInt(Math.floor(value)));
}

function numbersOf(node: Node, kinds: Kinds): number[] {
  const size = sizeOf(node);
  const numbers = [
    1,
    node.mode | kindOf(node, kinds),
    node.kind === "directory" ? node.links + 1 : node.links,
    node.uid,
    node.gid,
    0,
    pageBytes,
    node.inode,
    size,
    Math.ceil(size / blockBytes),
    ...secondsOf(node.atimeMs),
    ...secondsOf(node.mtimeMs),
    ...secondsOf(node.ctimeMs),
    ...secondsOf(node.birthtimeMs),
  ];
  if (numbers.length !== fields) throw new Error("a stat has other fields");
  return numbers;
}

function kindOf(node: Node, kinds: Kinds): number {
  switch (node.kind) {
    case "file":
      return kinds.S_IFREG;
    case "directory":
      return kinds.S_IFDIR;
    case "link":
      return kinds.S_IFLNK;
  }
}

function sizeOf(node: Node): number {
  switch (node.kind) {
    case "file":
      return node.size;
    case "directory":
      return pageBytes;
    case "link":
      return node.target.length;
  }
}

function secondsOf(ms: number): [seconds: number, nanoseconds: number] {
  const seconds = Math.floor(ms / msPerSecond);
  return [seconds, Math.round((ms - seconds * msPerSecond) * nsPerMs)];
}

/** Of a file system as `df` sees it. */
export function roomOf(
  room: Room,
  bigint: unknown,
): Float64Array | BigInt64Array {
  const blocks = maxFileBytes / pageBytes;
  const free = Math.floor(room.freeBytes / pageBytes);
  const tmpfs = 0x01021994;
  const values = [
    tmpfs,
    pageBytes,
    pageBytes,
    blocks,
    free,
    free,
    maxFiles,
    room.freeFiles,
  ];
  if (bigint !== true) return Float64Array.from(values);
  return BigInt64Array.from(values, BigInt);
}
