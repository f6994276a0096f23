/** The functions of the binding that copy: a file, or what Node's `cp` leaves to it. */
import type { Exports } from "../realm.ts";
import type { FileSystem } from "./file-system.ts";
import { FileProblem, type Node } from "./nodes.ts";
import type { Requests } from "./requests.ts";
import { checkMay, ownerMay } from "./tree.ts";

interface CopyOptions {
  force: boolean;
  errorOnExist: boolean;
}

export function copyBinding(
  { tree, open, constants, pathOf }: FileSystem,
  { exposeModed, attempt, later }: Requests,
): Exports {
  const told = (path: unknown, dest: unknown) => ({
    path: pathOf(path),
    dest: pathOf(dest),
  });
  const copyFile = (from: string, to: string, exclusive: boolean) => {
    const source = tree.node(from);
    if (source.kind !== "file") throw new FileProblem("EISDIR");
    checkMay(source, "read");
    const place = tree.place(to);
    if (place.node === source) return;
    if (place.node) {
      if (exclusive) throw new FileProblem("EEXIST");
      if (place.node.kind !== "file") throw new FileProblem("EISDIR");
      checkMay(place.node, "write");
      tree.resize(place.node, 0);
      tree.write(place.node, contentOf(source), 0);
      return;
    }
    tree.checkCanAdd(place);
    const file = tree.room.file(modeOf(source));
    tree.add(place, file);
    tree.write(file, contentOf(source), 0);
  };
  const copyAll = (from: string, to: string, options: CopyOptions): void => {
    const source = tree.node(from, false);
    if (source.kind === "directory") {
      const place = tree.place(to);
      if (!place.node) {
        tree.checkCanAdd(place);
        tree.add(place, tree.room.directory(modeOf(source)));
      }
      // Taken before anything is added: a copy into itself would find its own.
      const names = Array.from(source.entries.keys());
      for (const name of names)
        copyAll(`${from}/${name}`, `${to}/${name}`, options);
      return;
    }
    const place = tree.place(to, false);
    if (place.node) {
      if (options.errorOnExist && !options.force)
        throw new FileProblem("EEXIST");
      if (!options.force) return;
      tree.remove(place, open.isOpen);
    }
    if (source.kind === "link")
      tree.add(tree.place(to, false), tree.room.link(source.target));
    else copyFile(from, to, false);
  };
  const checkInto = (from: string, to: string) => {
    const [inner, outer] = [tree.place(to).path, tree.place(from).path];
    if (`${inner}/`.startsWith(`${outer}/`)) throw new FileProblem("EINVAL");
  };
  const copyTree = (
    from: unknown,
    to: unknown,
    force: unknown,
    errorOnExist: unknown,
  ) => {
    const [source, target] = [pathOf(from), pathOf(to)];
    attempt({ syscall: "cp", path: source, dest: target }, () => {
      checkInto(source, target);
      copyAll(source, target, {
        force: force === true,
        errorOnExist: errorOnExist === true,
      });
    });
  };

  return {
    copyFile: exposeModed(
      2,
      "copyfile",
      3,
      (from: unknown, to: unknown, mode: number) => {
        const exclusive = Number(constants["COPYFILE_EXCL"]);
        copyFile(pathOf(from), pathOf(to), (mode & exclusive) !== 0);
      },
      told,
    ),
    cpSyncCheckPaths: (
      from: unknown,
      to: unknown,
      _dereference: unknown,
      recursive: unknown,
    ) => {
      const path = pathOf(from);
      attempt({ syscall: "lstat", path }, () => tree.node(path, false));
      attempt({ syscall: "cp", ...told(from, to) }, () => {
        if (tree.node(path).kind === "directory") {
          if (recursive !== true) throw new FileProblem("EISDIR");
          checkInto(path, pathOf(to));
        }
        makeParents(pathOf(to));
      });
    },
    // What lay there goes, be it a link to something else.
    cpSyncOverrideFile: (from: unknown, to: unknown) =>
      attempt({ syscall: "cp", ...told(from, to) }, () => {
        if (tree.place(pathOf(to)).node === tree.node(pathOf(from))) return;
        tree.remove(tree.place(pathOf(to), false), open.isOpen);
        copyFile(pathOf(from), pathOf(to), false);
      }),
    cpSyncCopyDir: (
      from: unknown,
      to: unknown,
      force: unknown,
      _dereference: unknown,
      errorOnExist: unknown,
    ) => copyTree(from, to, force, errorOnExist),
    CpDirJob: class CpDirJob {
      ondone: unknown;
      readonly #run: () => void;

      constructor(
        from: unknown,
        to: unknown,
        force: unknown,
        _dereference: unknown,
        errorOnExist: unknown,
      ) {
        this.#run = () => copyTree(from, to, force, errorOnExist);
      }

      run(): void {
        let problem: unknown;
        try {
          this.#run();
        } catch (thrown) {
          problem = thrown;
        }
        later(() => void Reflect.apply(Object(this.ondone), this, [problem]));
      }
    },
  };

  function makeParents(path: string): void {
    const parts = path.split("/").slice(0, -1);
    for (let at = 1; at <= parts.length; at++) {
      const parent = parts.slice(0, at).join("/");
      if (parent === "") continue;
      const place = tree.place(parent);
      if (place.node) continue;
      tree.checkCanAdd(place);
      tree.add(place, tree.room.directory(0o755));
    }
  }
}

/** A copy of the bundle's own file may be written. */
function modeOf({ mode, isReadOnly }: Node): number {
  return isReadOnly ? mode | ownerMay.write : mode;
}

function contentOf({ bytes, size }: { bytes: Uint8Array; size: number }) {
  return bytes.subarray(0, size);
}
