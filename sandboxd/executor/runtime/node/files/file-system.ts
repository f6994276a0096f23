/** The file system of an isolate: the bundle's own file, read-only, and /tmp. Made when it is first asked for. */
import type { Exports, RealmParts } from "../realm.ts";
import { OpenFiles, type OpenFlags } from "./open-files.ts";
import { kindsOf, type Kinds } from "./stats.ts";
import { FileTree } from "./tree.ts";

export interface FileSystem {
  readonly tree: FileTree;
  readonly open: OpenFiles;
  readonly constants: Exports;
  readonly kinds: Kinds;
  /** A path as Node's library hands it in: text, or bytes of it. */
  readonly pathOf: (path: unknown) => string;
  /** A name in the encoding that was asked for. */
  readonly encoded: (name: string, encoding: unknown) => unknown;
  readonly bytesOf: (text: string, encoding?: unknown) => Uint8Array;
  /** The same bytes as a Buffer. */
  readonly bufferOf: (bytes: Uint8Array) => unknown;
  readonly textOf: (bytes: Uint8Array) => string;
}

const flagNames = [
  "O_WRONLY",
  "O_RDWR",
  "O_CREAT",
  "O_EXCL",
  "O_TRUNC",
  "O_APPEND",
  "O_DIRECTORY",
  "O_NOFOLLOW",
] as const;

export function createFileSystem({
  internalBinding,
  process,
  require,
  runtime,
}: RealmParts): FileSystem {
  const constants: Exports = Object(internalBinding("constants")["fs"]);
  const buffers = () => Object(require("buffer")["Buffer"]);
  const from = (value: unknown, encoding?: unknown): Uint8Array =>
    buffers().from(value, encoding);
  const bufferOf = (bytes: Uint8Array) =>
    buffers().from(bytes.buffer, bytes.byteOffset, bytes.length);
  const textOf = (bytes: Uint8Array): string => bufferOf(bytes).toString();
  const tree = new FileTree(
    () => String(Reflect.apply(Object(process["cwd"]), process, [])),
    () => {
      const bundle = runtime.bundle();
      return {
        of: bundle,
        path: bundle.fileName,
        read: () => from(bundle.text()),
      };
    },
  );
  return {
    tree,
    open: new OpenFiles(tree, flagsOf(constants)),
    constants,
    kinds: kindsOf(constants),
    pathOf: (path) =>
      ArrayBuffer.isView(path)
        ? textOf(new Uint8Array(path.buffer, path.byteOffset, path.byteLength))
        : String(path),
    encoded: (name, encoding) => {
      if (encoding === undefined || encoding === null || encoding === "utf8")
        return name;
      const bytes = from(name);
      return encoding === "buffer"
        ? bytes
        : Reflect.apply(Object(Reflect.get(bytes, "toString")), bytes, [
            encoding,
          ]);
    },
    bytesOf: from,
    bufferOf,
    textOf,
  };
}

function flagsOf(constants: Exports): OpenFlags {
  const flags: Record<string, number> = {};
  for (const name of flagNames) flags[name] = Number(constants[name] ?? 0);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all of them were put there
  return flags as Record<(typeof flagNames)[number], number>;
}
