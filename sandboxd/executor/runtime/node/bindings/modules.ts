/** What a package says of itself in its package.json, among the files in memory. */
import type { Exports, RealmParts } from "../realm.ts";

/** As Node's C++ gives it: name, main, type, imports, exports, and where it lies. */
type PackageFacts = readonly unknown[];

/** Of Node's compile cache: it is turned off. */
const disabled = 3;

export function createBinding(parts: RealmParts): Exports {
  const { internalBinding } = parts;
  const compileCacheStatus = [
    "FAILED",
    "ENABLED",
    "ALREADY_ENABLED",
    "DISABLED",
  ];
  const text = (path: string): string | undefined => {
    const read = internalBinding("fs")["readFileUtf8"];
    try {
      return typeof read === "function" ? String(read(path, 0)) : undefined;
    } catch {
      return undefined;
    }
  };
  const read = (path: string): PackageFacts | undefined => {
    const found = text(path);
    return found === undefined ? undefined : factsOf(parts, path, found);
  };
  const nearest = (start: string): PackageFacts | undefined => {
    for (let folder = folderOf(start); ; folder = folderOf(folder)) {
      const found = read(`${folder}/package.json`);
      if (found || folder === "") return found;
    }
  };
  return {
    compileCacheStatus,
    readPackageJSON: read,
    getNearestParentPackageJSON: nearest,
    getNearestParentPackageJSONType: (path: string) =>
      nearest(path)?.[2] ?? "none",
    getPackageScopeConfig: (url: string) =>
      nearest(pathOf(url)) ?? "/package.json",
    getPackageType: (url: string) => nearest(pathOf(url))?.[2],
    enableCompileCache: () => [disabled],
    getCompileCacheDir: () => undefined,
    flushCompileCache: () => undefined,
    getCompileCacheEntry: () => undefined,
    saveCompileCacheEntry: () => undefined,
  };
}

function pathOf(url: string): string {
  return url.startsWith("file:")
    ? decodeURIComponent(new URL(url).pathname)
    : url;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function factsOf(
  { require }: RealmParts,
  path: string,
  text: string,
): PackageFacts {
  const { name, main, type, imports, exports } = parsed(require, path, text);
  return [
    textOr(name),
    textOr(main),
    type === "commonjs" || type === "module" ? type : "none",
    asJson(imports),
    asJson(exports),
    path,
  ];
}

function parsed(
  require: RealmParts["require"],
  path: string,
  text: string,
): Exports {
  try {
    return Object(JSON.parse(text));
  } catch (thrown) {
    const codes: Exports = Object(require("internal/errors")["codes"]);
    const Refusal = codes["ERR_INVALID_PACKAGE_CONFIG"];
    if (typeof Refusal !== "function") throw thrown;
    throw Reflect.construct(Refusal, [path, undefined, wordsOf(thrown)]);
  }
}

function wordsOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function textOr(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A text stays one: what begins with a bracket is taken for JSON. */
function asJson(value: unknown): string | null {
  if (typeof value === "string") return value;
  return typeof value === "object" && value !== null
    ? JSON.stringify(value)
    : null;
}
