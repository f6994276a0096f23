/** esbuild's complaints in the words of our errors: file:line:column, what is wrong, what to do. */
import path from "node:path";
import type { BuildFailure, Message } from "esbuild";
import { AnnexError } from "../../proto/errors.ts";

/** Whether esbuild threw this because of what it was given to build. */
export function isBuildFailure(thrown: unknown): thrown is BuildFailure {
  return (
    thrown instanceof Error &&
    "errors" in thrown &&
    Array.isArray(thrown.errors)
  );
}

/** The error for a source that does not build. */
export function authorsError(failure: BuildFailure, root: string): AnnexError {
  const [first, ...more] = failure.errors;
  if (!first)
    return new AnnexError("internal", "the source does not build", {
      cause: failure,
    });
  const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
  return new AnnexError(
    "invalid",
    `${placeOf(first, root)}${textOf(first)}${others}`,
  );
}

/** Lines and columns count from 1, columns in characters. */
function placeOf({ location }: Message, root: string): string {
  if (!location) return "";
  const file = path.relative(root, path.resolve(root, location.file));
  if (file.startsWith("..")) return "";
  // esbuild counts bytes from 0.
  const left = Buffer.from(location.lineText)
    .subarray(0, location.column)
    .toString();
  return `${file}:${location.line}:${left.length + 1}: `;
}

const longestTextShown = 500;

function textOf({ text, location }: Message): string {
  const specifier = /^Could not resolve "(.*)"$/s.exec(text)?.[1];
  if (specifier === undefined)
    return lowerFirst(text).slice(0, longestTextShown);
  if (!location) {
    return "the source has no entry; name one, or add an index.js or a package.json whose main names a file of the source";
  }
  return `cannot find module '${specifier}'; ${remedyFor(specifier)}`;
}

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
