/**
 * What packages ask for that is not in the source. Node says so only when the line is reached, and packages count on it:
 * they `require` inside a function what few of their users have. An author's own file is held to what it names.
 */
import path from "node:path";
import type { Message, OnResolveArgs } from "esbuild";
import { isOwnFile } from "./source.ts";

/** The specifiers that esbuild could not resolve and that may be missing until they are reached. */
export function absentIn(
  errors: Message[],
  files: ReadonlyMap<string, string>,
): ReadonlySet<string> {
  const absent = errors.flatMap(({ text, location }) => {
    const specifier = /^Could not resolve "(.*)"$/s.exec(text)?.[1];
    if (specifier === undefined || !location) return [];
    const { file } = location;
    // What begins with # is named by the package itself.
    const isHeld = isOwnFile(file) || specifier.startsWith("#");
    return isHeld || promises(files, file, specifier) ? [] : [specifier];
  });
  return new Set(absent);
}

/** Whether an import is one of those; a static `import` would be reached in any case. */
export function mayBeAbsent({ importer, kind }: OnResolveArgs): boolean {
  return (
    !isOwnFile(importer) &&
    (kind === "require-call" || kind === "dynamic-import")
  );
}

/** What a package is installed with is not there because the folder is not whole; the author should hear of it at once. */
function promises(
  files: ReadonlyMap<string, string>,
  file: string,
  specifier: string,
): boolean {
  const described = packageOf(files, file);
  const names = (field: string) =>
    Object.hasOwn(objectIn(described, field), packageName(specifier));
  return names("dependencies") && !names("optionalDependencies");
}

function packageName(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** The package.json above a file that names a package; some folders have one that only says how to read it. */
function packageOf(files: ReadonlyMap<string, string>, file: string): object {
  for (
    let folder = path.posix.dirname(file);
    folder !== "." && path.posix.basename(folder) !== "node_modules";
    folder = path.posix.dirname(folder)
  ) {
    const described = parsed(files.get(`${folder}/package.json`));
    if ("name" in described) return described;
  }
  return {};
}

function parsed(text = "{}"): object {
  try {
    return objectOr(JSON.parse(text));
  } catch {
    return {};
  }
}

function objectIn(object: object, field: string): object {
  return objectOr(new Map<string, unknown>(Object.entries(object)).get(field));
}

function objectOr(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
