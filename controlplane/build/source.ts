/** What may be a source: the paths of its files and its entry. */
import path from "node:path";
import { closest } from "fastest-levenshtein";
import { AnnexError } from "../../proto/errors.ts";

/** One file of a source. */
export interface SourceFile {
  path: string;
  content: Uint8Array;
}

/** The most files one source may have, node_modules included. */
export const maxSourceFiles = 20_000;

/** The longest path of a file, in UTF-8 bytes. */
const maxPathBytes = 512;

/** The files by their path, in an order that does not depend on the caller's; refuses paths that are not plainly inside. */
export function checkedFiles(files: SourceFile[]): ReadonlyMap<string, string> {
  if (files.length === 0)
    throw invalid("the source has no files; send at least one");
  if (files.length > maxSourceFiles) {
    throw invalid(
      `the source has ${files.length} files; the limit source_files is ${maxSourceFiles}`,
    );
  }
  const byPath = new Map<string, string>();
  for (const file of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    checkPath(file.path);
    if (byPath.has(file.path))
      throw invalid(`'${file.path}' is in the source twice`);
    const text = new TextDecoder().decode(file.content);
    if (path.posix.basename(file.path) === "package.json")
      checkMain(file.path, text);
    byPath.set(file.path, text);
  }
  refuseFilesAsFolders(byPath);
  return byPath;
}

/** The file to start from, or undefined where package.json's main or index decides. */
export function entryAmong(
  files: ReadonlyMap<string, string>,
  entry: string,
): string | undefined {
  const own = [...files.keys()].filter(isOwnFile);
  if (entry === "") {
    const code = own.filter(
      (name) =>
        path.posix.basename(name) !== "package.json" &&
        // What the code is checked with (annex extension check).
        !/^samples\/[^/]+\.json$/.test(name),
    );
    return code.length === 1 ? code[0] : undefined;
  }
  const wanted = entry.replace(/^\.\//, "");
  if (own.includes(wanted)) return wanted;
  const nearest =
    own.length > 0 ? `; the nearest name is '${closest(wanted, own)}'` : "";
  throw invalid(
    `the entry '${shown(entry)}' is not among the source's own files${nearest}`,
  );
}

/** Whether the author wrote it, rather than a package's. */
export function isOwnFile(name: string): boolean {
  return !name.split("/").includes("node_modules");
}

function checkPath(name: string): void {
  const plain =
    name !== "" &&
    Buffer.byteLength(name) <= maxPathBytes &&
    !name.includes("\\") &&
    !name.includes("\0") &&
    !name.startsWith("/") &&
    !name.endsWith("/") &&
    name.isWellFormed() &&
    path.posix.normalize(name) === name &&
    !/^\.\.?(\/|$)/.test(name);
  if (plain) return;
  throw invalid(
    `'${shown(name)}' is no path of a source file; use a path relative to the source's root, with forward slashes, without '.' and '..', of at most ${maxPathBytes} bytes`,
  );
}

function refuseFilesAsFolders(files: ReadonlyMap<string, string>): void {
  for (const name of files.keys()) {
    for (
      let at = name.indexOf("/");
      at !== -1;
      at = name.indexOf("/", at + 1)
    ) {
      const folder = name.slice(0, at);
      if (files.has(folder))
        throw invalid(`'${folder}' is both a file and a folder of the source`);
    }
  }
}

/** The resolver would ask the disk for wherever a package's main leads, and so tell the author what lies there. */
function checkMain(name: string, text: string): void {
  for (const field of ["main", "module"]) {
    const value = fieldOf(text, field);
    if (typeof value !== "string") continue;
    const target = path.posix.join(path.posix.dirname(name), value);
    const isInside = !/^\/|\\/.test(value) && !/^\.\.(\/|$)/.test(target);
    if (isInside) continue;
    throw invalid(
      `${name}: '${field}' leads outside of the source: '${shown(value)}'; name a file of the package`,
    );
  }
}

function fieldOf(text: string, field: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    return Object.entries(json ?? {}).findLast(([key]) => key === field)?.[1];
  } catch {
    return undefined; // for esbuild to say where, should it come to need the file
  }
}

function shown(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function invalid(message: string): AnnexError {
  return new AnnexError("invalid", message);
}
