/** The functions of the binding that change what lies where. */
import type { Exports } from "../realm.ts";
import type { FileSystem } from "./file-system.ts";
import { FileProblem, type Node } from "./nodes.ts";
import type { Operation, Requests } from "./requests.ts";
import { checkMay, checkWritable, type Place } from "./tree.ts";

const msPerSecond = 1000;
const nameChars =
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

export function treeBinding(
  { tree, open, constants, pathOf, encoded }: FileSystem,
  { expose, exposeNumbered }: Requests,
): Exports {
  const { isOpen } = open;
  const one = (syscall: string, count: number, run: Operation) =>
    expose(syscall, count, run, (path: unknown) => ({ path: pathOf(path) }));
  const two = (syscall: string, count: number, run: Operation) =>
    expose(syscall, count, run, (path: unknown, dest: unknown) => ({
      path: pathOf(path),
      dest: pathOf(dest),
    }));
  const byPath = (follow: boolean) => (path: unknown) =>
    tree.node(pathOf(path), follow);
  const byNumber = (number: number) => open.get(number).node;

  /** What changes a node that is named by a path, by a link's own, or by an open file. */
  const changes = (
    name: string,
    count: number,
    change: (node: Node, ...values: never[]) => void,
  ): Exports => {
    const run =
      (find: (what: never) => Node) =>
      (what: never, ...values: never[]) => {
        const node = find(what);
        checkWritable(node);
        change(node, ...values);
        node.ctimeMs = Date.now();
        tree.changes.changed(node);
      };
    return {
      [name]: one(name === "utimes" ? "utime" : name, count, run(byPath(true))),
      [`l${name}`]: one(
        name === "utimes" ? "lutime" : `l${name}`,
        count,
        run(byPath(false)),
      ),
      [`f${name}`]: exposeNumbered(
        name === "utimes" ? "futime" : `f${name}`,
        count,
        run(byNumber),
      ),
    };
  };

  const makeDirectory = (path: string, mode: number, recursive: unknown) => {
    if (recursive !== true) {
      const place = tree.place(path.replace(/\/+$/, "") || "/");
      tree.checkCanAdd(place);
      tree.add(place, tree.room.directory(mode & ~0o22));
      return undefined;
    }
    let first: string | undefined;
    const parts = path.split("/").filter((part) => part !== "");
    let at = path.startsWith("/") ? "" : ".";
    for (const part of parts) {
      at = `${at}/${part}`;
      const place = tree.place(at);
      if (place.node) {
        if (place.node.kind !== "directory")
          throw new FileProblem(
            at.endsWith(parts.at(-1) ?? "") ? "EEXIST" : "ENOTDIR",
          );
        continue;
      }
      tree.checkCanAdd(place);
      tree.add(place, tree.room.directory(mode & ~0o22));
      first ??= place.path;
    }
    return first;
  };

  const removeDirectory = (place: Place) => {
    const { node, name } = place;
    if (!node) throw new FileProblem("ENOENT");
    if (node.kind !== "directory") throw new FileProblem("ENOTDIR");
    if (node.entries.size > 0) throw new FileProblem("ENOTEMPTY");
    if (name === "") throw new FileProblem("EBUSY");
    tree.remove(place, isOpen);
  };

  const types = (node: Node) =>
    Number(
      constants[
        node.kind === "directory"
          ? "UV_DIRENT_DIR"
          : node.kind === "link"
            ? "UV_DIRENT_LINK"
            : "UV_DIRENT_FILE"
      ],
    );
  const list = (path: unknown) => {
    const directory = tree.directory(pathOf(path));
    checkMay(directory, "read");
    return [...directory.entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
  };

  return {
    ...changes("chmod", 2, (node, mode: number) => {
      node.mode = mode & 0o7777;
    }),
    ...changes("chown", 3, (node, uid: number, gid: number) => {
      if (uid >= 0) node.uid = uid;
      if (gid >= 0) node.gid = gid;
    }),
    ...changes("utimes", 3, (node, atime: number, mtime: number) => {
      node.atimeMs = atime * msPerSecond;
      node.mtimeMs = mtime * msPerSecond;
    }),
    mkdir: one("mkdir", 3, (path: unknown, mode: number, recursive: unknown) =>
      makeDirectory(pathOf(path), mode, recursive),
    ),
    mkdtemp: expose(
      "mkdtemp",
      2,
      (prefix: unknown, encoding: unknown) => {
        const path = `${pathOf(prefix)}${randomName()}`;
        makeDirectory(path, 0o700, false);
        return encoded(path, encoding);
      },
      (prefix: unknown) => ({ path: `${pathOf(prefix)}XXXXXX` }),
    ),
    rmdir: one("rmdir", 1, (path: unknown) =>
      removeDirectory(
        tree.place(pathOf(path).replace(/\/+$/, "") || "/", false),
      ),
    ),
    unlink: one("unlink", 1, (path: unknown) => {
      const place = tree.place(pathOf(path), false);
      if (place.node?.kind === "directory") throw new FileProblem("EISDIR");
      tree.remove(place, isOpen);
    }),
    rmSync: one(
      "rm",
      4,
      (path: unknown, _retries: unknown, recursive: unknown) => {
        const place = tree.place(
          pathOf(path).replace(/\/+$/, "") || "/",
          false,
        );
        // Node's library has looked before, where a missing one matters.
        if (!place.node) return;
        if (place.node.kind === "directory" && recursive !== true)
          throw new FileProblem("EISDIR");
        if (place.name === "") throw new FileProblem("EBUSY");
        tree.removeAll(place, isOpen);
      },
    ),
    rename: two("rename", 2, (from: unknown, to: unknown) =>
      tree.rename(
        tree.place(pathOf(from), false),
        tree.place(pathOf(to), false),
        isOpen,
      ),
    ),
    link: two("link", 2, (from: unknown, to: unknown) => {
      const node = tree.node(pathOf(from), false);
      if (node.kind === "directory") throw new FileProblem("EPERM");
      checkWritable(node);
      tree.add(tree.place(pathOf(to), false), node);
      node.links++;
      node.ctimeMs = Date.now();
    }),
    symlink: expose(
      "symlink",
      3,
      (target: unknown, path: unknown) => {
        const place = tree.place(pathOf(path), false);
        tree.checkCanAdd(place);
        tree.add(place, tree.room.link(pathOf(target)));
      },
      (target: unknown, path: unknown) => ({
        path: pathOf(target),
        dest: pathOf(path),
      }),
    ),
    readlink: one("readlink", 2, (path: unknown, encoding: unknown) => {
      const node = tree.node(pathOf(path), false);
      if (node.kind !== "link") throw new FileProblem("EINVAL");
      return encoded(node.target, encoding);
    }),
    readdir: one(
      "scandir",
      3,
      (path: unknown, encoding: unknown, withTypes: unknown) => {
        const entries = list(path);
        const names = entries.map(([name]) => encoded(name, encoding));
        return withTypes === true
          ? [names, entries.map(([, node]) => types(node))]
          : names;
      },
    ),
    readdirRecursive: one(
      "scandir",
      3,
      (path: unknown, encoding: unknown, withTypes: unknown) => {
        const names: unknown[] = [];
        const kinds: number[] = [];
        const counts: number[] = [];
        const folders: unknown[] = [];
        const left = [""];
        for (
          let folder = left.shift();
          folder !== undefined;
          folder = left.shift()
        ) {
          const entries = list(
            folder === "" ? path : `${pathOf(path)}/${folder}`,
          );
          folders.push(encoded(folder, encoding));
          counts.push(entries.length);
          for (const [name, node] of entries) {
            const relative = folder === "" ? name : `${folder}/${name}`;
            names.push(encoded(withTypes === true ? name : relative, encoding));
            kinds.push(types(node));
            if (node.kind === "directory") left.push(relative);
          }
        }
        return withTypes === true
          ? [names, Uint8Array.from(kinds), Uint32Array.from(counts), folders]
          : names;
      },
    ),
  };
}

function randomName(): string {
  let name = "";
  for (let at = 0; at < 6; at++)
    name += nameChars.charAt(Math.floor(Math.random() * nameChars.length));
  return name;
}
