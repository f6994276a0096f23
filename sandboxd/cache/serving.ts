/** What serves, in memory, laid out so that a call finds its extension in two map lookups. */
import type { ServingExtension } from "./catalog.ts";

/** Extensions by container and name, and by container and point. */
export class Serving {
  readonly #extensions = new Map<string, Map<string, ServingExtension>>();
  readonly #points = new Map<string, Map<string, ServingExtension>>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The extension of this name. */
  get(container: string, name: string): ServingExtension | undefined {
    return this.#extensions.get(container)?.get(name);
  }

  /** The extension at this point. */
  bound(container: string, point: string): ServingExtension | undefined {
    return this.#points.get(container)?.get(point);
  }

  hasContainer(container: string): boolean {
    return this.#extensions.has(container);
  }

  containers(): Iterable<string> {
    return this.#extensions.keys();
  }

  /** Every extension. */
  *all(): Generator<ServingExtension> {
    for (const extensions of this.#extensions.values())
      yield* extensions.values();
  }

  bindings(
    container: string,
  ): { point: string; extension: ServingExtension }[] {
    const points = this.#points.get(container) ?? [];
    return Array.from(points, ([point, extension]) => ({ point, extension }));
  }

  /** Adds many extensions at once. */
  load(loaded: Iterable<ServingExtension>): void {
    const touched = new Set<string>();
    for (const extension of loaded) {
      const before = this.#set(extension);
      if (before?.points.length || extension.points.length)
        touched.add(extension.container);
    }
    for (const container of touched) this.#bind(container);
  }

  /** Adds an extension, or takes the place of the one of its name. */
  put(extension: ServingExtension): void {
    this.load([extension]);
  }

  remove(container: string, name: string): void {
    const extensions = this.#extensions.get(container);
    if (!extensions?.delete(name)) return;
    this.#count -= 1;
    if (extensions.size === 0) this.#extensions.delete(container);
    this.#bind(container);
  }

  /** Gives the one whose place it took. */
  #set(extension: ServingExtension): ServingExtension | undefined {
    let extensions = this.#extensions.get(extension.container);
    if (!extensions)
      this.#extensions.set(extension.container, (extensions = new Map()));
    const before = extensions.get(extension.extension);
    if (!before) this.#count += 1;
    extensions.set(extension.extension, extension);
    return before;
  }

  /**
   * Lays out a container's points anew. While a point moves from one extension to another both may name it: the one read
   * later in the history has it.
   */
  #bind(container: string): void {
    const points = new Map<string, ServingExtension>();
    for (const extension of this.#extensions.get(container)?.values() ?? []) {
      for (const point of extension.points) {
        const other = points.get(point);
        if (!other || other.position.revision <= extension.position.revision)
          points.set(point, extension);
      }
    }
    if (points.size > 0) this.#points.set(container, points);
    else this.#points.delete(container);
  }
}
