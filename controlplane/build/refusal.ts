/** esbuild's complaints in the words of our errors: file:line:column, what is wrong, what to do. */
import path from "node:path";
import type { BuildFailure, Message } from "esbuild";
import { AnnexError } from "../../proto/errors.ts";
import { codeFrame } from "../domain/code-frame.ts";

/** Whether esbuild threw this because of what it was given to build. */
export function isBuildFailure(thrown: unknown): thrown is BuildFailure {
  return (
    thrown instanceof Error &&
    "errors" in thrown &&
    Array.isArray(thrown.errors)
  );
}

/** The error for a source that does not build. */
export function authorsError(
  failure: BuildFailure,
  { root, files }: { root: string; files: ReadonlyMap<string, string> },
): AnnexError {
  const [first, ...more] = failure.errors;
  if (!first)
    return new AnnexError("internal", "the source does not build", {
      cause: failure,
    });
  const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
  const place = placeOf(first, root);
  if (!place)
    return new AnnexError("invalid", `${textOf(first)}${others}`, {
      cause: failure,
    });
  const { file, line, column } = place;
  const frame = codeFrame(files.get(file) ?? "", place);
  return new AnnexError(
    "invalid",
    `${file}:${line}:${column}: ${textOf(first)}${others}${frame === "" ? "" : `\n\n${frame}`}`,
  );
}

/** Lines and columns count from 1, columns in characters. */
function placeOf({ location }: Message, root: string) {
  if (!location) return undefined;
  const file = path.relative(root, path.resolve(root, location.file));
  if (file.startsWith("..")) return undefined;
  // esbuild counts bytes from 0.
  const bytes = Buffer.from(location.lineText);
  const charsAt = (at: number) => bytes.subarray(0, at).toString().length;
  const start = charsAt(location.column);
  const length = charsAt(location.column + location.length) - start;
  return { file, line: location.line, column: start + 1, length };
}

const longestTextShown = 500;

function textOf({ text, location }: Message): string {
  const specifier = /^Could not resolve "(.*)"$/s.exec(text)?.[1];
  if (specifier === undefined)
    return lowerFirst(text.replace(asModule, besideAwait)).slice(
      0,
      longestTextShown,
    );
  if (!location) {
    return "the source has no entry; name one, or add an index.js or a package.json whose main names a file of the source";
  }
  return `cannot find module '${specifier}'; ${remedyFor(specifier)}`;
}

// A bundle with a top-level await is an ES module until it is ours again (bundle.ts).
const asModule = /cannot be used with the "esm" output format.*/s;
const besideAwait =
  "cannot be used in a source with a top-level await; move that await into a function";

function remedyFor(specifier: string): string {
  if (/^[./]/.test(specifier)) {
    return "the source has no such file: check the path and its spelling, or add the file";
  }
  const name = specifier
    .split("/", specifier.startsWith("@") ? 2 : 1)
    .join("/");
  return `publish a folder whose node_modules holds '${name}', or remove the import`;
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z ]/.test(text)
    ? text.charAt(0).toLowerCase() + text.slice(1)
    : text;
}
