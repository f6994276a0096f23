/** A kernel's file trees in a temporary folder, with as much of its behaviour as our limits depend on. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import {
  kernelFiles,
  type TreeFiles,
} from "../../../../sandboxd/limits/tree-files.ts";

export interface FakeTree {
  files: TreeFiles;
  /** A path in the tree. */
  path: (...parts: string[]) => string;
  read: (...parts: string[]) => string;
  write: (text: string, ...parts: string[]) => void;
}

export interface FakeTreeOptions {
  /** Lines of /proc/self/cgroup. */
  groups: string[];
  /** Where which hierarchy is mounted, below the tree: [folder, root, type, options]. */
  mounts: [string, string, "cgroup" | "cgroup2", string][];
  totalKb?: number;
  /** Folders, below the tree, that cannot be written. */
  readOnly?: string[];
  /** Its files and what they say. */
  content?: Record<string, string>;
}

/** Lays the tree out; it goes with the test. */
export function fakeTree(options: FakeTreeOptions): FakeTree {
  const root = mkdtempSync(join(tmpdir(), "annex-tree-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const path = (...parts: string[]) => join(root, ...parts);
  const write = (text: string, ...parts: string[]) => {
    mkdirSync(dirname(path(...parts)), { recursive: true });
    writeFileSync(path(...parts), text);
  };
  const mounts = options.mounts.map(
    ([folder, of, type, more], index) =>
      `${30 + index} 23 0:28 ${of} ${path(folder)} rw,relatime - ${type} ${type} rw,${more}`,
  );
  write(mounts.join("\n"), "proc/self/mountinfo");
  write(options.groups.join("\n"), "proc/self/cgroup");
  write(`MemTotal:       ${options.totalKb ?? 8_388_608} kB\n`, "proc/meminfo");
  write(statText(process.pid, 1000), "proc/self/stat");
  mkdirSync(path("proc/self/ns"));
  symlinkSync("pid:[4026531836]", path("proc/self/ns/pid"));
  for (const [file, text] of Object.entries(options.content ?? {}))
    write(text, file);
  const refused = (options.readOnly ?? []).map((folder) => path(folder));
  return {
    files: fakeFiles(path("proc"), refused),
    path,
    read: (...parts) => readFileSync(path(...parts), "utf8"),
    write,
  };
}

/** A line of /proc/PID/stat, of a process that started then. */
export function statText(pid: number, startTicks: number): string {
  const before = Array.from({ length: 17 }, () => "0").join(" ");
  return `${pid} (no (de) ) S 1 ${before} ${startTicks} 0 100 0`;
}

function fakeFiles(procFolder: string, readOnly: string[]): TreeFiles {
  const check = (file: string) => {
    if (readOnly.some((folder) => `${file}/`.startsWith(`${folder}/`)))
      throw failure("EROFS", file);
  };
  const write = (file: string, text: string) => {
    check(file);
    if (!existsSync(dirname(file))) throw failure("ENOENT", file);
    if (basename(file) === "cgroup.kill") throw failure("EACCES", file);
    if (basename(file) === "cgroup.subtree_control")
      return handDown(file, text);
    if (!isOffered(file)) throw failure("EACCES", file);
    if (basename(file) === "cgroup.procs") return move(file, text);
    kernelFiles.write(file, text);
  };
  const makeFolder = (folder: string) => {
    check(folder);
    mkdirSync(folder);
    if (existsSync(join(dirname(folder), "cgroup.subtree_control")))
      writeFileSync(join(folder, "cgroup.subtree_control"), "");
  };
  return {
    ...kernelFiles,
    procFolder,
    write,
    writeLater: async (file, text) => write(file, text),
    makeFolder,
    makeFolderLater: async (folder) => makeFolder(folder),
    // The kernel's files go with their folder.
    removeFolder: (folder) => rm(folder, { recursive: true }),
    removeFolderNow: (folder) => rmSync(folder, { recursive: true }),
  };
}

/** cgroup v2: a group with processes of its own hands nothing down. */
function handDown(file: string, text: string): void {
  const procs = join(dirname(file), "cgroup.procs");
  if (existsSync(procs) && readFileSync(procs, "utf8").trim())
    throw failure("EBUSY", file);
  const words = readFileSync(file, "utf8").split(" ").filter(Boolean);
  const more = text.split(" ").map((word) => word.slice(1));
  writeFileSync(file, [...new Set([...words, ...more])].join(" "));
}

/** cgroup v2: a group has the files of those controllers that the one above hands down. */
function isOffered(file: string): boolean {
  const above = join(dirname(dirname(file)), "cgroup.subtree_control");
  const controller = basename(file).split(".")[0] ?? "";
  if (controller === "cgroup" || !existsSync(above)) return true;
  return readFileSync(above, "utf8").split(" ").includes(controller);
}

/** A process is in one group of a hierarchy. */
function move(file: string, pid: string): void {
  const above = join(dirname(dirname(file)), "cgroup.procs");
  if (existsSync(above))
    writeFileSync(
      above,
      pidsIn(above)
        .filter((one) => one !== pid)
        .join("\n"),
    );
  writeFileSync(file, [...pidsIn(file), pid].join("\n"));
}

function pidsIn(file: string): string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8").split("\n").filter(Boolean);
}

function failure(code: string, file: string): Error {
  return Object.assign(new Error(`${code}: ${file}`), { code });
}
