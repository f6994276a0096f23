/** Directories that are read entry by entry. */
import type { Exports, RealmParts } from "../realm.ts";

type Read = (...parameters: unknown[]) => unknown;

interface Request {
  oncomplete: (error: unknown, ...results: unknown[]) => void;
}

export function createBinding(parts: RealmParts): Exports {
  const files = () => parts.internalBinding("fs");
  const readdir = (path: unknown, encoding: unknown): unknown[] => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own binding
    const read = files()["readdir"] as Read;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- names, and their types
    const [names, types] = read(path, encoding, true) as [unknown[], unknown[]];
    return names.flatMap((name, at) => [name, types[at]]);
  };
  const soon = (work: () => void) => parts.runtime.soon(work);
  /** Now, or told by a request. */
  const answer = (request: Request | undefined, work: () => unknown) => {
    if (!request) return work();
    try {
      const result = work();
      soon(() =>
        result === undefined
          ? request.oncomplete(null)
          : request.oncomplete(null, result),
      );
    } catch (thrown) {
      soon(() => request.oncomplete(thrown));
    }
    return undefined;
  };

  class DirHandle {
    readonly #path: unknown;
    #left: unknown[] | undefined;
    #first: unknown[] | undefined;

    constructor(path: unknown) {
      this.#path = path;
      this.#first = readdir(path, undefined);
    }

    /** Names and types in turn; null at the end. */
    read(encoding: unknown, count: number, request?: Request): unknown {
      return answer(request, () => {
        this.#left ??=
          encoding === "buffer"
            ? readdir(this.#path, encoding)
            : (this.#first ?? []);
        this.#first = undefined;
        const taken = this.#left.splice(0, Math.max(1, count) * 2);
        return taken.length > 0 ? taken : null;
      });
    }

    close(request?: Request): unknown {
      return answer(request, () => undefined);
    }
  }

  const open = (path: unknown) => {
    try {
      return new DirHandle(path);
    } catch (thrown) {
      if (
        thrown instanceof Error &&
        Reflect.get(thrown, "syscall") === "scandir"
      ) {
        thrown.message = thrown.message.replace(/, scandir .*/, ", opendir");
        Reflect.deleteProperty(thrown, "path");
        Reflect.set(thrown, "syscall", "opendir");
      }
      throw thrown;
    }
  };
  return {
    opendir: (path: unknown, _encoding: unknown, request?: Request) =>
      answer(request, () => open(path)),
    opendirSync: open,
  };
}
