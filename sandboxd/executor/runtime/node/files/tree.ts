/** The tree of an isolate's files, and the operations on paths in it. All is read-only but what lies under /tmp. */
import { Changes } from "./changes.ts";
import {
  FileProblem,
  maxLinks,
  maxNameChars,
  maxPathChars,
  Room,
  type DirectoryNode,
  type FileNode,
  type Node,
} from "./nodes.ts";

/** Where a path leads: its directory, its last name there, and what lies under it. */
export interface Place {
  directory: DirectoryNode;
  name: string;
  /** Without links. */
  path: string;
  node: Node | undefined;
}

/** The file that the version's code is in; `of` tells one bundle from another. */
export interface BundleFile {
  of: unknown;
  path: string;
  read: () => Uint8Array;
}

export class FileTree {
  readonly room = new Room();
  readonly changes = new Changes();
  readonly #root: DirectoryNode;
  readonly #currentDirectory: () => string;
  readonly #bundle: () => BundleFile;
  #taken: unknown;
  #bundleName = "";

  constructor(currentDirectory: () => string, bundle: () => BundleFile) {
    this.#currentDirectory = currentDirectory;
    this.#bundle = bundle;
    this.#root = this.room.directory(0o755, true);
    this.#root.entries.set("tmp", this.room.directory(0o1777));
  }

  /** An isolate may have been warmed with another bundle than the one it has now. */
  #takeBundle(): void {
    const { of, path, read } = this.#bundle();
    if (of === this.#taken) return;
    if (this.#taken) this.#root.entries.delete(this.#bundleName);
    this.#taken = of;
    const [name = ""] = partsOf(path).slice(-1);
    this.#bundleName = name;
    if (name === "" || this.#root.entries.has(name)) return;
    const file = this.room.file(0o444, true);
    file.bytes = read();
    file.size = file.bytes.length;
    this.#root.entries.set(name, file);
  }

  /** Follows a path; its last name may be missing, and may be a link that is not followed. */
  place(path: string, follow = true): Place {
    this.#takeBundle();
    return this.#walk(path, follow, { left: maxLinks });
  }

  node(path: string, follow = true): Node {
    const { node } = this.place(path, follow);
    if (!node) throw new FileProblem("ENOENT");
    return node;
  }

  directory(path: string): DirectoryNode {
    const node = this.node(path);
    if (node.kind !== "directory") throw new FileProblem("ENOTDIR");
    return node;
  }

  /** Puts a node where nothing lies. */
  add({ directory, name, node }: Place, added: Node): void {
    if (node) throw new FileProblem("EEXIST");
    if (name === "") throw new FileProblem("EEXIST");
    checkMay(directory, "write");
    directory.entries.set(name, added);
    touch(directory);
    this.changes.named(directory, name, added);
  }

  checkCanAdd({ directory, node }: Place): void {
    if (node) throw new FileProblem("EEXIST");
    checkMay(directory, "write");
  }

  /** Takes a name away; the node goes when nothing names it. */
  remove(
    { directory, name, node }: Place,
    isOpen: (file: Node) => boolean,
  ): void {
    if (!node) throw new FileProblem("ENOENT");
    checkMay(directory, "write");
    checkWritable(node);
    directory.entries.delete(name);
    touch(directory);
    node.links--;
    node.ctimeMs = Date.now();
    this.changes.named(directory, name, node);
    if (node.links <= 0 && !isOpen(node)) this.room.release(node);
  }

  /** Removes a directory with all that is in it. */
  removeAll(place: Place, isOpen: (file: Node) => boolean): void {
    const { node, path } = place;
    if (node?.kind === "directory") {
      checkWritable(node);
      for (const [name, inner] of Array.from(node.entries))
        this.removeAll(
          { directory: node, name, node: inner, path: `${path}/${name}` },
          isOpen,
        );
    }
    this.remove(place, isOpen);
  }

  rename(from: Place, to: Place, isOpen: (file: Node) => boolean): void {
    const { node } = from;
    if (!node) throw new FileProblem("ENOENT");
    checkMay(from.directory, "write");
    checkWritable(node);
    checkMay(to.directory, "write");
    if (to.node === node) return;
    if (node.kind === "directory" && `${to.path}/`.startsWith(`${from.path}/`))
      throw new FileProblem("EINVAL");
    if (to.node) {
      if (to.node.kind === "directory") {
        if (node.kind !== "directory") throw new FileProblem("EISDIR");
        if (to.node.entries.size > 0) throw new FileProblem("ENOTEMPTY");
      } else if (node.kind === "directory") throw new FileProblem("ENOTDIR");
      this.remove(to, isOpen);
    }
    from.directory.entries.delete(from.name);
    to.directory.entries.set(to.name, node);
    touch(from.directory);
    touch(to.directory);
    this.changes.named(from.directory, from.name, node);
    this.changes.named(to.directory, to.name, node);
  }

  /** Bytes into a file at a position; what lies between is zero. */
  write(file: FileNode, bytes: Uint8Array, position: number): void {
    if (position + bytes.length > file.size)
      this.room.resize(file, position + bytes.length);
    file.bytes.set(bytes, position);
    touch(file);
    this.changes.changed(file);
  }

  resize(file: FileNode, size: number): void {
    this.room.resize(file, size);
    touch(file);
    this.changes.changed(file);
  }

  #walk(path: string, follow: boolean, links: { left: number }): Place {
    if (path.length > maxPathChars) throw new FileProblem("ENAMETOOLONG");
    if (path === "") throw new FileProblem("ENOENT");
    const absolute = path.startsWith("/")
      ? path
      : `${this.#currentDirectory()}/${path}`;
    const names = partsOf(absolute);
    const trail: { directory: DirectoryNode; name: string }[] = [];
    let directory = this.#root;
    for (const [at, name] of names.entries()) {
      if (name.length > maxNameChars) throw new FileProblem("ENAMETOOLONG");
      if (name === "..") {
        directory = trail.pop()?.directory ?? this.#root;
        continue;
      }
      checkMay(directory, "run");
      const node = directory.entries.get(name);
      const isLast = at === names.length - 1;
      const above = `/${trail.map((step) => step.name).join("/")}`;
      if (node?.kind === "link" && (!isLast || follow)) {
        if (links.left-- <= 0) throw new FileProblem("ELOOP");
        const rest = names.slice(at + 1).join("/");
        const base = node.target.startsWith("/")
          ? node.target
          : `${above}/${node.target}`;
        return this.#walk(
          rest === "" ? base : `${base}/${rest}`,
          follow,
          links,
        );
      }
      if (isLast) {
        if (node && node.kind !== "directory" && absolute.endsWith("/"))
          throw new FileProblem("ENOTDIR");
        return {
          directory,
          name,
          path: `${above === "/" ? "" : above}/${name}`,
          node,
        };
      }
      if (!node) throw new FileProblem("ENOENT");
      if (node.kind !== "directory") throw new FileProblem("ENOTDIR");
      trail.push({ directory, name });
      directory = node;
    }
    const last = trail.at(-1);
    return {
      directory: last?.directory ?? this.#root,
      name: last?.name ?? "",
      path: `/${trail.map(({ name }) => name).join("/")}`,
      node: directory,
    };
  }
}

export function checkWritable({ isReadOnly }: Node): void {
  if (isReadOnly) throw new FileProblem("EROFS");
}

/** What a file's owner, as whom all here runs, may do with it. */
export const ownerMay = { read: 0o400, write: 0o200, run: 0o100 } as const;

export function checkMay(node: Node, what: keyof typeof ownerMay): void {
  if (what === "write") checkWritable(node);
  if (node.kind !== "link" && (node.mode & ownerMay[what]) === 0)
    throw new FileProblem("EACCES");
}

export function touch(node: Node): void {
  node.mtimeMs = Date.now();
  node.ctimeMs = node.mtimeMs;
}

function partsOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}
