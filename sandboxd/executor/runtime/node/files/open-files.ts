/** The open files of an isolate, by their numbers. */
import {
  FileProblem,
  maxOpenFiles,
  type FileNode,
  type Node,
} from "./nodes.ts";
import { checkMay, type FileTree } from "./tree.ts";

/** Of the flags of `open`. */
export interface OpenFlags {
  readonly O_WRONLY: number;
  readonly O_RDWR: number;
  readonly O_CREAT: number;
  readonly O_EXCL: number;
  readonly O_TRUNC: number;
  readonly O_APPEND: number;
  readonly O_DIRECTORY: number;
  readonly O_NOFOLLOW: number;
}

export interface OpenFile {
  readonly node: Node;
  readonly canRead: boolean;
  readonly canWrite: boolean;
  readonly appends: boolean;
  position: number;
}

/** Those below it are the process's own. */
const firstNumber = 3;

export class OpenFiles {
  readonly #files = new Map<number, OpenFile>();
  readonly #tree: FileTree;
  readonly #flags: OpenFlags;

  constructor(tree: FileTree, flags: OpenFlags) {
    this.#tree = tree;
    this.#flags = flags;
  }

  open(path: string, flags: number, mode: number): number {
    const { O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC } = this.#flags;
    const { O_APPEND, O_DIRECTORY, O_NOFOLLOW } = this.#flags;
    const has = (flag: number) => (flags & flag) !== 0;
    if (this.#files.size >= maxOpenFiles) throw new FileProblem("EMFILE");
    const canWrite = has(O_WRONLY | O_RDWR);
    const place = this.#tree.place(path, !has(O_NOFOLLOW));
    let { node } = place;
    if (node && has(O_CREAT) && has(O_EXCL)) throw new FileProblem("EEXIST");
    const canRead = !has(O_WRONLY);
    const isNew = !node;
    if (!node) {
      if (!has(O_CREAT)) throw new FileProblem("ENOENT");
      this.#tree.checkCanAdd(place);
      node = this.#tree.room.file(mode & ~0o22);
      this.#tree.add(place, node);
    }
    if (node.kind === "link") throw new FileProblem("ELOOP");
    if (node.kind === "directory" && canWrite) throw new FileProblem("EISDIR");
    if (node.kind !== "directory" && O_DIRECTORY !== 0 && has(O_DIRECTORY))
      throw new FileProblem("ENOTDIR");
    if (canWrite && !isNew) checkMay(node, "write");
    if (canRead && !isNew) checkMay(node, "read");
    if (has(O_TRUNC) && node.kind === "file" && canWrite && !isNew)
      this.#tree.resize(node, 0);
    return this.#keep({
      node,
      canRead,
      canWrite,
      appends: has(O_APPEND),
      position: 0,
    });
  }

  get(number: number): OpenFile {
    const file = this.#files.get(number);
    if (!file) throw new FileProblem("EBADF");
    return file;
  }

  close(number: number): void {
    const { node } = this.get(number);
    this.#files.delete(number);
    if (node.links <= 0 && !this.isOpen(node)) this.#tree.room.release(node);
  }

  readonly isOpen = (node: Node): boolean => {
    for (const file of this.#files.values())
      if (file.node === node) return true;
    return false;
  };

  /** As many bytes as there are; `position` below 0 is where the last one ended. */
  read(number: number, into: Uint8Array, position: number): number {
    const file = this.get(number);
    if (!file.canRead) throw new FileProblem("EBADF");
    const node = this.file(number);
    const start = position < 0 ? file.position : position;
    const bytes = node.bytes.subarray(
      Math.min(start, node.size),
      Math.min(start + into.length, node.size),
    );
    into.set(bytes);
    if (position < 0) file.position += bytes.length;
    return bytes.length;
  }

  write(number: number, bytes: Uint8Array, position: number): number {
    const file = this.get(number);
    if (!file.canWrite) throw new FileProblem("EBADF");
    const node = this.file(number);
    const start = file.appends
      ? node.size
      : position < 0
        ? file.position
        : position;
    this.#tree.write(node, bytes, start);
    if (position < 0 || file.appends) file.position = start + bytes.length;
    return bytes.length;
  }

  truncate(number: number, size: number): void {
    const { canWrite } = this.get(number);
    if (!canWrite) throw new FileProblem("EINVAL");
    this.#tree.resize(this.file(number), size);
  }

  file(number: number): FileNode {
    const { node } = this.get(number);
    if (node.kind !== "file") throw new FileProblem("EISDIR");
    return node;
  }

  #keep(file: OpenFile): number {
    let number = firstNumber;
    while (this.#files.has(number)) number++;
    this.#files.set(number, file);
    return number;
  }
}
