/** Refuses a `require` of what has a top-level `await`: it would give what is not there yet. */
import type { Metafile } from "esbuild";
import { AnnexError } from "../../proto/errors.ts";
import { codeFrame } from "../domain/code-frame.ts";

/** Looks into a bundle that esbuild made an ES module. */
export function refuseAwaitedRequires(
  code: string,
  inputs: Metafile["inputs"],
  files: ReadonlyMap<string, string>,
): void {
  const waiting = new Set(
    [...code.matchAll(/^ {2}async "(.+)"\(\) \{$/gm)].map(([, name]) => name),
  );
  for (const [name, { imports }] of Object.entries(inputs)) {
    const found = imports.find(
      ({ kind, path }) => kind === "require-call" && waiting.has(path),
    );
    if (found) throw refusal(name, found.original ?? found.path, files);
  }
}

function refusal(
  name: string,
  specifier: string,
  files: ReadonlyMap<string, string>,
): AnnexError {
  const text = files.get(name) ?? "";
  const before = text.split(specifier)[0]?.split("\n") ?? [];
  const place = {
    line: before.length,
    column: before.at(-1)?.length ?? 1,
    length: specifier.length + 2,
  };
  const frame = codeFrame(text, place);
  return new AnnexError(
    "invalid",
    `${name}:${place.line}:${place.column}: cannot require '${specifier}', which waits at its top level; use import() and await it${frame === "" ? "" : `\n\n${frame}`}`,
  );
}
