/** The functions of the binding that work on open files, or open one for a moment. */
import type { Exports, RealmParts } from "../realm.ts";
import type { FileSystem } from "./file-system.ts";
import { FileProblem } from "./nodes.ts";
import type { Requests } from "./requests.ts";

type View = ArrayBufferView;

/** Where the last one ended is -1. */
const positionOf = (position: unknown) =>
  typeof position === "number" || typeof position === "bigint"
    ? Number(position)
    : -1;

/** The standard streams' numbers: what is written there is a line of the log. */
const standardOutputs: Record<number, "stdout" | "stderr"> = {
  1: "stdout",
  2: "stderr",
};

export function openFileBinding(
  { open, pathOf, bytesOf, bufferOf, textOf }: FileSystem,
  { expose, exposeNumbered, attempt, later }: Requests,
  { process }: RealmParts,
): Exports {
  const pathTold = (path: unknown) => ({ path: pathOf(path) });
  const write = (number: number, bytes: Uint8Array, position: unknown) => {
    const name = standardOutputs[number];
    if (name === undefined)
      return open.write(number, bytes, positionOf(position));
    const stream: object = Object(process[name]);
    Reflect.apply(Object(Reflect.get(stream, "write")), stream, [
      textOf(bytes),
    ]);
    return bytes.length;
  };
  const writeAll = (
    target: unknown,
    flags: number,
    mode: number,
    bytes: Uint8Array,
  ) => {
    if (typeof target === "number") {
      write(target, bytes, -1);
      return;
    }
    const number = open.open(pathOf(target), flags, mode);
    try {
      open.write(number, bytes, -1);
    } finally {
      open.close(number);
    }
  };
  const readAll = (number: number): Uint8Array => {
    const file = open.get(number);
    const { size } = open.file(number);
    const bytes = new Uint8Array(Math.max(0, size - file.position));
    open.read(number, bytes, -1);
    return bytes;
  };
  const FileHandle = fileHandleClass(open.close.bind(open), {
    attempt,
    later,
  });

  return {
    FileHandle,
    open: expose(
      "open",
      3,
      (path: unknown, flags: number, mode: number) =>
        open.open(pathOf(path), flags, mode),
      pathTold,
    ),
    openFileHandle: expose(
      "open",
      3,
      (path: unknown, flags: number, mode: number) =>
        new FileHandle(open.open(pathOf(path), flags, mode)),
      pathTold,
    ),
    close: exposeNumbered("close", 1, (number: number) => {
      if (!(number in standardOutputs) && number !== 0) open.close(number);
    }),
    read: exposeNumbered(
      "read",
      5,
      (
        number: number,
        into: View,
        offset: number,
        length: number,
        position: unknown,
      ) =>
        number === 0
          ? 0
          : open.read(
              number,
              viewOf(into, offset, length),
              positionOf(position),
            ),
    ),
    readBuffers: exposeNumbered(
      "read",
      3,
      (number: number, views: View[], position: unknown) => {
        let at = positionOf(position);
        let sum = 0;
        for (const view of views) {
          const count = open.read(number, viewOf(view), at);
          sum += count;
          if (at >= 0) at += count;
          if (count < view.byteLength) break;
        }
        return sum;
      },
    ),
    writeBuffer: exposeNumbered(
      "write",
      5,
      (
        number: number,
        from: View,
        offset: number,
        length: number,
        position: unknown,
      ) => write(number, viewOf(from, offset, length), position),
    ),
    writeBuffers: exposeNumbered(
      "write",
      3,
      (number: number, views: View[], position: unknown) => {
        let at = positionOf(position);
        let sum = 0;
        for (const view of views) {
          const count = write(number, viewOf(view), at);
          sum += count;
          if (at >= 0) at += count;
        }
        return sum;
      },
    ),
    writeString: exposeNumbered(
      "write",
      4,
      (number: number, text: string, position: unknown, encoding: unknown) =>
        write(number, bytesOf(text, encoding), position),
    ),
    readFileUtf8: (target: unknown, flags: number) => {
      if (typeof target === "number")
        return attempt({ syscall: "read" }, () => textOf(readAll(target)));
      const told = { syscall: "open", path: pathOf(target) };
      const number = attempt(told, () => open.open(told.path, flags, 0o666));
      try {
        return attempt({ syscall: "read" }, () => textOf(readAll(number)));
      } finally {
        open.close(number);
      }
    },
    writeFileUtf8: (
      target: unknown,
      text: string,
      flags: number,
      mode: number,
    ) => {
      const told =
        typeof target === "number"
          ? { syscall: "write" }
          : { syscall: "open", path: pathOf(target) };
      attempt(told, () => writeAll(target, flags, mode, bytesOf(text)));
    },
    fsync: exposeNumbered(
      "fsync",
      1,
      (number: number) => void open.get(number),
    ),
    fdatasync: exposeNumbered(
      "fdatasync",
      1,
      (number: number) => void open.get(number),
    ),
    ftruncate: exposeNumbered("ftruncate", 2, (number: number, size?: number) =>
      open.truncate(number, size ?? 0),
    ),
    ReadFileJob: class ReadFileJob {
      ondone: unknown;
      readonly #flags: number;

      constructor(_path: unknown, flags: number) {
        this.#flags = flags;
      }

      /** The path comes again. Told: an error, or the bytes, and no file that was left open. */
      run(path: unknown): unknown {
        const told = { syscall: "open", path: pathOf(path) };
        done(this, later, () => {
          const number = attempt(told, () =>
            open.open(told.path, this.#flags, 0o666),
          );
          try {
            const bytes = attempt({ syscall: "read" }, () => readAll(number));
            return [bufferOf(bytes), -1, bytes.length, undefined];
          } finally {
            open.close(number);
          }
        });
        return undefined;
      }
    },
    WriteFileJob: class WriteFileJob {
      ondone: unknown;
      readonly #flags: number;
      readonly #mode: number;
      readonly #data: View;

      constructor(_path: unknown, flags: number, mode: number, data: View) {
        this.#flags = flags;
        this.#mode = mode;
        this.#data = data;
      }

      run(path: unknown): unknown {
        const told = { syscall: "open", path: pathOf(path) };
        done(this, later, () => {
          attempt(told, () =>
            writeAll(path, this.#flags, this.#mode, viewOf(this.#data)),
          );
          return [];
        });
        return undefined;
      }
    },
  };
}

/** Tells a job what its work gave, later. */
function done(
  job: { ondone: unknown },
  later: Requests["later"],
  work: () => unknown[],
): void {
  let told: unknown[];
  try {
    // No error, in the way that Node's own jobs say it.
    told = [undefined, ...work()];
  } catch (thrown) {
    told = [thrown];
  }
  later(() => void Reflect.apply(Object(job.ondone), job, told));
}

function viewOf(
  view: View,
  offset = 0,
  length = view.byteLength - offset,
): Uint8Array {
  if (offset + length > view.byteLength) throw new FileProblem("EINVAL");
  return new Uint8Array(view.buffer, view.byteOffset + offset, length);
}

/** What Node's FileHandle holds. */
function fileHandleClass(
  close: (number: number) => void,
  { attempt, later }: Pick<Requests, "attempt" | "later">,
) {
  return class FileHandle {
    readonly fd: number;
    onread: unknown;

    constructor(number: number) {
      this.fd = number;
    }

    getAsyncId(): number {
      return 0;
    }

    close(): Promise<void> {
      return new Promise((resolve, reject) => {
        try {
          attempt({ syscall: "close" }, () => close(this.fd));
          later(() => resolve());
        } catch (thrown) {
          reject(thrown instanceof Error ? thrown : new Error("close"));
        }
      });
    }

    closeSync(): void {
      attempt({ syscall: "close" }, () => close(this.fd));
    }

    releaseFD(): number {
      return this.fd;
    }
  };
}
