/** Who is told of what changes in the tree. */
import type { DirectoryNode, Node } from "./nodes.ts";

/** As Node's `fs.watch` tells it: a name that came or went, or what lies under it. */
export type ChangeKind = "rename" | "change";

/** `name` is the last of the path that was watched, or one in the watched directory. */
export type Listener = (kind: ChangeKind, name: string) => void;

interface Watcher {
  readonly node: Node;
  readonly name: string;
  readonly listener: Listener;
}

/** Of one isolate. */
const maxWatchers = 256;

export class Changes {
  readonly #watchers = new Set<Watcher>();

  /** Gives what ends it, or undefined where there are too many. */
  watch(
    node: Node,
    name: string,
    listener: Listener,
  ): (() => void) | undefined {
    if (this.#watchers.size >= maxWatchers) return undefined;
    const watcher = { node, name, listener };
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** A name came to a directory, or went. */
  named(directory: DirectoryNode, name: string, node: Node): void {
    for (const watcher of this.#watchers) {
      if (watcher.node === directory) watcher.listener("rename", name);
      if (watcher.node === node) watcher.listener("rename", watcher.name);
    }
  }

  /** A node's bytes or facts are others. */
  changed(node: Node): void {
    for (const watcher of this.#watchers) {
      if (watcher.node === node) watcher.listener("change", watcher.name);
      else if (watcher.node.kind === "directory")
        for (const [name, inner] of watcher.node.entries)
          if (inner === node) watcher.listener("change", name);
    }
  }
}
