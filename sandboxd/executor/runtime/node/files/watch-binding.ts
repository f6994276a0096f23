/** What `fs.watch` and `fs.watchFile` stand on. Both end with the call that began them. */
import type { Timers } from "../../timers.ts";
import type { Exports, RealmParts } from "../realm.ts";
import type { FileSystem } from "./file-system.ts";
import { FileProblem, type Node } from "./nodes.ts";
import { statsOf } from "./stats.ts";

type Told = (...parameters: unknown[]) => void;

/** Numbers that `stat` gives: now, and before. */
type Stats = Float64Array | BigInt64Array;

export function watchBinding(
  { tree, kinds, pathOf, encoded }: FileSystem,
  { internalBinding, runtime }: RealmParts,
): Exports {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bootstrap.ts puts it there
  const timers = runtime.timers as Timers;
  const errorOf = (name: string) => Number(internalBinding("uv")[`UV_${name}`]);

  /** A node, or libuv's number of what is wrong. */
  const nodeAt = (path: string): Node | number => {
    try {
      return tree.node(path);
    } catch (thrown) {
      if (thrown instanceof FileProblem) return errorOf(thrown.errorName);
      throw thrown;
    }
  };

  class FSEvent {
    initialized = false;
    onchange: Told | undefined;
    #end: (() => void) | undefined;

    start(
      path: unknown,
      _persistent: unknown,
      _recursive: unknown,
      encoding: unknown,
    ): number {
      const wanted = pathOf(path);
      const node = nodeAt(wanted);
      if (typeof node === "number") return node;
      const tell = (kind: string, name: string) =>
        runtime.soon(() => {
          if (this.initialized)
            this.onchange?.(0, kind, encoded(name, encoding));
        });
      const { name } = tree.place(wanted);
      const end = tree.changes.watch(node, name, tell);
      if (!end) return errorOf("ENOSPC");
      const stay = runtime.onEnd(() => this.close());
      this.#end = () => {
        end();
        stay();
      };
      this.initialized = true;
      return 0;
    }

    close(): void {
      this.initialized = false;
      this.#end?.();
      this.#end = undefined;
    }

    getAsyncId(): number {
      return 0;
    }

    // An invocation does not wait for them.
    ref(): void {}
    unref(): void {}
  }

  class StatWatcher {
    onchange: Told | undefined;
    readonly #isBigint: boolean;
    #timer: unknown;
    #isRefed = true;

    constructor(isBigint: unknown) {
      this.#isBigint = isBigint === true;
    }

    start(path: unknown, intervalMs: number): number {
      const wanted = pathOf(path);
      let last = this.#look(wanted);
      if (last.status !== 0) runtime.soon(() => this.#tell(last, last));
      this.#timer = timers.setInterval(
        () => {
          const now = this.#look(wanted);
          const before = last;
          last = now;
          if (now.status !== before.status || !isSame(now.stats, before.stats))
            this.#tell(now, before);
        },
        Math.max(1, intervalMs),
      );
      if (!this.#isRefed) this.unref();
      return 0;
    }

    close(): void {
      timers.clearInterval(this.#timer);
      this.#timer = undefined;
    }

    getAsyncId(): number {
      return 0;
    }

    ref(): void {
      this.#isRefed = true;
      this.#setRef("ref");
    }

    unref(): void {
      this.#isRefed = false;
      this.#setRef("unref");
    }

    #setRef(name: "ref" | "unref"): void {
      if (this.#timer === undefined) return;
      Reflect.apply(Reflect.get(Object(this.#timer), name), this.#timer, []);
    }

    #look(path: string): { status: number; stats: Stats } {
      const node = nodeAt(path);
      const isThere = typeof node !== "number";
      const { length } = statsOf(tree.node("/"), kinds, false);
      return {
        status: isThere ? 0 : node,
        stats: isThere
          ? statsOf(node, kinds, this.#isBigint)
          : this.#isBigint
            ? new BigInt64Array(length)
            : new Float64Array(length),
      };
    }

    #tell(
      { status, stats }: { status: number; stats: Stats },
      { stats: before }: { stats: Stats },
    ): void {
      const both: (number | bigint)[] = [...stats, ...before];
      this.onchange?.(
        status,
        this.#isBigint
          ? BigInt64Array.from(both, BigInt)
          : Float64Array.from(both, Number),
      );
    }
  }

  return { FSEvent, StatWatcher };
}

function isSame(one: Stats, other: Stats): boolean {
  return one.every((value: number | bigint, at: number) => value === other[at]);
}
