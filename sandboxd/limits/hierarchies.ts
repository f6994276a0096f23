/** Where control groups are mounted, and which of them is ours. */
import { join, relative } from "node:path";
import { readIfAny, type TreeFiles } from "./tree-files.ts";

/** One mounted hierarchy. */
export interface Hierarchy {
  /** The topmost group that can be seen. */
  topFolder: string;
  /** The group this process is in; the topmost where its own cannot be seen. */
  ownFolder: string;
}

export interface Hierarchies {
  /** cgroup v2's one hierarchy. */
  unified: Hierarchy | undefined;
  /** cgroup v1's, by controller. */
  byController: Map<string, Hierarchy>;
}

/** Reads them from /proc; nothing where there are none. */
export function findHierarchies(files: TreeFiles): Hierarchies {
  const own = ownGroups(files);
  const found: Hierarchies = { unified: undefined, byController: new Map() };
  for (const mount of cgroupMounts(files)) {
    if (mount.type === "cgroup2") {
      found.unified ??= hierarchyOf(mount, own.get(""));
      continue;
    }
    for (const controller of mount.options)
      if (own.has(controller) && !found.byController.has(controller))
        found.byController.set(
          controller,
          hierarchyOf(mount, own.get(controller)),
        );
  }
  return found;
}

interface Mount {
  /** Which group of the hierarchy is mounted here. */
  root: string;
  folder: string;
  type: string;
  options: string[];
}

function hierarchyOf(mount: Mount, ownGroup = "/"): Hierarchy {
  const below = relative(mount.root, ownGroup);
  // A group outside of what is mounted, as in a container that shares its host's view of groups.
  const isHidden = below.startsWith("..");
  return {
    topFolder: mount.folder,
    ownFolder: isHidden ? mount.folder : join(mount.folder, below),
  };
}

/** Our group in each hierarchy, by controller; cgroup v2's by "". */
function ownGroups(files: TreeFiles): Map<string, string> {
  const text = readIfAny(files, join(files.procFolder, "self/cgroup")) ?? "";
  const groups = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [id, controllers, ...path] = line.split(":");
    if (id === undefined || controllers === undefined) continue;
    for (const controller of controllers.split(","))
      groups.set(controller, path.join(":"));
  }
  return groups;
}

function cgroupMounts(files: TreeFiles): Mount[] {
  const text = readIfAny(files, join(files.procFolder, "self/mountinfo")) ?? "";
  return text.split("\n").flatMap((line) => {
    const [place, what] = line.split(" - ");
    const [, , , root, folder] = place?.split(" ") ?? [];
    const [type, , options] = what?.split(" ") ?? [];
    if (!root || !folder || !type?.startsWith("cgroup")) return [];
    return [
      {
        root: unescaped(root),
        folder: unescaped(folder),
        type,
        options: options?.split(",") ?? [],
      },
    ];
  });
}

/** The kernel writes blanks and the like as octal numbers. */
function unescaped(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  );
}
