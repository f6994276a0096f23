/** What lies in the file system of an isolate: files, directories and links, and the room there is for them. */

/** Bytes that the files under /tmp may hold, together. */
export const maxFileBytes = 16 * 1024 * 1024;
/** Files, directories and links there may be. */
export const maxFiles = 4096;
/** Files that may be open. */
export const maxOpenFiles = 1024;
export const maxPathChars = 4096;
export const maxNameChars = 255;
export const maxLinks = 40;

/** Why an operation failed, by libuv's name for it. */
export class FileProblem extends Error {
  readonly errorName: string;

  constructor(errorName: string) {
    super(errorName);
    this.errorName = errorName;
  }
}

interface Facts {
  readonly inode: number;
  readonly isReadOnly: boolean;
  mode: number;
  uid: number;
  gid: number;
  links: number;
  atimeMs: number;
  mtimeMs: number;
  ctimeMs: number;
  readonly birthtimeMs: number;
}

export interface FileNode extends Facts {
  kind: "file";
  /** Its first `size` bytes count. */
  bytes: Uint8Array;
  size: number;
}

export interface DirectoryNode extends Facts {
  kind: "directory";
  entries: Map<string, Node>;
}

export interface LinkNode extends Facts {
  kind: "link";
  target: string;
}

export type Node = FileNode | DirectoryNode | LinkNode;

/** Makes nodes, and keeps count of them and of their bytes. */
export class Room {
  #lastInode = 0;
  #files = 0;
  #bytes = 0;

  get freeBytes(): number {
    return maxFileBytes - this.#bytes;
  }

  get freeFiles(): number {
    return maxFiles - this.#files;
  }

  file(mode: number, isReadOnly = false): FileNode {
    const facts = this.#facts(mode, isReadOnly);
    return { kind: "file", bytes: new Uint8Array(0), size: 0, ...facts };
  }

  directory(mode: number, isReadOnly = false): DirectoryNode {
    return {
      kind: "directory",
      entries: new Map(),
      ...this.#facts(mode, isReadOnly),
    };
  }

  link(target: string): LinkNode {
    return { kind: "link", target, ...this.#facts(0o777, false) };
  }

  /** Lets go of a node that no directory names any more and nobody has open. */
  release(node: Node): void {
    this.#files--;
    if (node.kind !== "file") return;
    this.#bytes -= node.bytes.length;
    node.bytes = new Uint8Array(0);
    node.size = 0;
  }

  /** Gives a file so many bytes; new ones are zero. */
  resize(file: FileNode, size: number): void {
    if (size > file.bytes.length) this.#grow(file, size);
    else file.bytes.fill(0, size, file.size);
    file.size = size;
    if (size === 0) this.#trim(file);
  }

  #grow(file: FileNode, size: number): void {
    const most = file.bytes.length + this.freeBytes;
    if (size > most) throw new FileProblem("ENOSPC");
    // Room for what is likely to follow, so that appending does not copy each time.
    const length = Math.min(most, Math.max(size, file.bytes.length * 2));
    const bytes = new Uint8Array(length);
    bytes.set(file.bytes.subarray(0, file.size));
    this.#bytes += length - file.bytes.length;
    file.bytes = bytes;
  }

  #trim(file: FileNode): void {
    this.#bytes -= file.bytes.length;
    file.bytes = new Uint8Array(0);
  }

  #facts(mode: number, isReadOnly: boolean): Facts {
    if (this.#files >= maxFiles) throw new FileProblem("ENOSPC");
    this.#files++;
    const now = Date.now();
    return {
      inode: ++this.#lastInode,
      isReadOnly,
      mode: mode & 0o7777,
      uid: 1000,
      gid: 1000,
      links: 1,
      atimeMs: now,
      mtimeMs: now,
      ctimeMs: now,
      birthtimeMs: now,
    };
  }
}
