/** CommonJS scripts as webtask took them: a `return` at the top level exports its value. */
import {
  encodedMap,
  TraceMap,
  type SourceMapSegment,
} from "@jridgewell/trace-mapping";
import { parse, type Token } from "acorn";
import type { Metafile } from "esbuild";

/** A script and the map from it to what its author wrote. */
export interface MappedScript {
  code: string;
  map: string;
}

/** Whether a script has a `return` outside of any function. False for what is no script at all. */
export function returnsAtTopLevel(text: string): boolean {
  return !isScript(text, false) && isScript(text, true);
}

/** Whether a bundle's entry may be published as it was written: one script that imports nothing but by `require`. */
export function isVerbatim(
  entry: string,
  inputs: Metafile["inputs"],
  text: string,
): boolean {
  const [only, ...more] = Object.values(inputs);
  if (!only || more.length > 0 || only.format === "esm") return false;
  if (!/(^|\/)[^.]+$|\.c?js$/.test(entry)) return false;
  if (only.imports.some((imported) => imported.kind !== "require-call"))
    return false;
  return isScript(text, true);
}

/** The script with the value of its top-level `return` as module.exports; every line keeps its number. */
export function withReturnAsExport(name: string, text: string): MappedScript {
  // A hashbang may stand at the very beginning only, where it may no longer be.
  const script = text.replace(/^#!/, "//");
  if (!returnsAtTopLevel(script)) {
    return { code: script, map: mapOf(name, script, 0) };
  }
  return {
    code: `${before}${script}\n${after}`,
    map: mapOf(name, script, before.length),
  };
}

const before =
  "(function (returned) { if (returned !== undefined) module.exports = returned; })((function () {";
const after = "}).call(this));";

function isScript(text: string, allowReturnOutsideFunction: boolean): boolean {
  try {
    parse(text, { ecmaVersion: "latest", allowReturnOutsideFunction });
    return true;
  } catch {
    return false;
  }
}

/** Every token maps to itself, but that the first line has moved to the right. */
function mapOf(name: string, script: string, firstLineMovedBy: number): string {
  const lines: SourceMapSegment[][] = [];
  const onToken = ({ loc }: Token) => {
    if (!loc) return;
    const line = loc.start.line - 1;
    while (lines.length <= line) lines.push([]);
    const column =
      line === 0 ? loc.start.column + firstLineMovedBy : loc.start.column;
    lines[line]?.push([column, 0, line, loc.start.column]);
  };
  parse(script, {
    ecmaVersion: "latest",
    allowReturnOutsideFunction: true,
    locations: true,
    onToken,
  });
  const map = new TraceMap({
    version: 3,
    sources: [name],
    names: [],
    mappings: lines,
  });
  return JSON.stringify(encodedMap(map));
}
