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

/** Longer texts are left to esbuild: parsing here holds up everything else. */
export const maxScriptLength = 1024 * 1024;

/** What is known of a script when it has been parsed. */
export interface ParsedScript {
  /** Whether it has a `return` outside of any function. */
  returns: boolean;
  /** Where its tokens stand: each line's columns. */
  lines: number[][];
}

/** Parses a script; undefined for what is none, or too long. */
export type ParseScript = (text: string) => ParsedScript | undefined;

/** Parses the text it is asked about again only once. */
export function scriptParser(): ParseScript {
  let known: { text: string; parsed: ParsedScript | undefined } | undefined;
  return (text) => {
    if (known?.text !== text) known = { text, parsed: parseScript(text) };
    return known.parsed;
  };
}

/** Whether a bundle's entry, if it is a script, may be published as it was written: alone, importing nothing but by `require`. */
export function isVerbatim(
  entry: string,
  text: string,
  inputs: Metafile["inputs"],
): boolean {
  const [only, ...more] = Object.values(inputs);
  if (!only || more.length > 0 || only.format === "esm") return false;
  if (!/(^|\/)[^.]+$|\.c?js$/.test(entry)) return false;
  if (/\bimport\s*\(/.test(text)) return false;
  return only.imports.every(({ kind }) => kind === "require-call");
}

/**
 * The script with the value of its top-level `return` as module.exports, and with `prelude` before it where there is one;
 * every line keeps its number.
 */
export function withReturnAsExport(
  name: string,
  text: string,
  { returns, lines }: ParsedScript,
  prelude = "",
): MappedScript {
  // A hashbang may stand at the very beginning only, where it may no longer be.
  const script = text.replace(/^#!/, "//");
  if (!returns && prelude === "")
    return { code: script, map: mapOf(name, lines, 0) };
  const start = `${prelude}${before}`;
  return {
    code: `${start}${script}\n${after}`,
    map: mapOf(name, lines, start.length),
  };
}

const before =
  "(function (returned) { if (returned !== undefined) module.exports = returned; })((function () {";
const after = "}).call(this));";

function parseScript(text: string): ParsedScript | undefined {
  if (text.length > maxScriptLength) return undefined;
  const lines = tokensOf(text, { mayReturn: false });
  if (lines) return { returns: false, lines };
  const returning = tokensOf(text, { mayReturn: true });
  return returning && { returns: true, lines: returning };
}

/** Undefined for what is no script. */
function tokensOf(
  text: string,
  { mayReturn }: { mayReturn: boolean },
): number[][] | undefined {
  const lines: number[][] = [];
  const onToken = ({ loc }: Token) => {
    if (!loc) return;
    while (lines.length < loc.start.line) lines.push([]);
    lines[loc.start.line - 1]?.push(loc.start.column);
  };
  try {
    parse(text, {
      ecmaVersion: "latest",
      allowReturnOutsideFunction: mayReturn,
      locations: true,
      onToken,
    });
    return lines;
  } catch {
    return undefined;
  }
}

/** Every token maps to itself, but that the first line has moved to the right. */
function mapOf(
  name: string,
  lines: number[][],
  firstLineMovedBy: number,
): string {
  const mappings = lines.map((columns, line) =>
    columns.map((column): SourceMapSegment => {
      const movedBy = line === 0 ? firstLineMovedBy : 0;
      return [column + movedBy, 0, line, column];
    }),
  );
  const map = new TraceMap({
    version: 3,
    sources: [name],
    names: [],
    mappings,
  });
  return JSON.stringify(encodedMap(map));
}
