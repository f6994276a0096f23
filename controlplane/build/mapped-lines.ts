/** A script and its source map line by line, so that text can be put in and lines can change places without losing their origin. */
import {
  decodedMappings,
  encodedMap,
  TraceMap,
  type SourceMapSegment,
} from "@jridgewell/trace-mapping";
import type { MappedScript } from "./script.ts";

/** One line, and where its columns come from. */
export interface MappedLine {
  text: string;
  segments: readonly SourceMapSegment[];
}

/** The lines of a script. */
export interface MappedLines {
  lines: MappedLine[];
  sources: (string | null)[];
  /** What segments name by their fifth number. */
  names: string[];
}

/** Text in place of some of a line's columns. */
export interface Edit {
  column: number;
  length: number;
  text: string;
}

/** A script taken apart. */
export function linesOf({ code, map }: MappedScript): MappedLines {
  const traced = new TraceMap(map);
  const mappings = decodedMappings(traced);
  const lines = code.split("\n").map((text, at) => ({
    text,
    segments: mappings[at] ?? [],
  }));
  return { lines, sources: traced.sources, names: traced.names };
}

/** The lines put together again. Names are left out: stack traces do not ask for them. */
export function scriptOf({
  lines,
  sources,
}: Pick<MappedLines, "lines" | "sources">): MappedScript {
  const mappings = lines.map(({ segments }) => segments.map(withoutName));
  const map = new TraceMap({ version: 3, sources, names: [], mappings });
  return {
    code: lines.map(({ text }) => text).join("\n"),
    map: JSON.stringify(encodedMap(map)),
  };
}

/** A line that no author wrote. */
export function ownLine(text: string): MappedLine {
  return { text, segments: [] };
}

/** The line with its edits made; what stands behind one keeps its origin. None may overlap another. */
export function withEdits(
  { text, segments }: MappedLine,
  edits: readonly Edit[],
): MappedLine {
  const inOrder = edits.toSorted((one, other) => one.column - other.column);
  let edited = "";
  let at = 0;
  for (const { column, length, text: put } of inOrder) {
    edited += text.slice(at, column) + put;
    at = column + length;
  }
  let by = 0;
  let next = 0;
  const moved = segments.map((segment) => {
    for (
      let edit = inOrder[next];
      edit && edit.column + edit.length <= segment[0];
      edit = inOrder[++next]
    )
      by += edit.text.length - edit.length;
    return movedBy(segment, by);
  });
  return { text: edited + text.slice(at), segments: moved };
}

function movedBy(segment: SourceMapSegment, by: number): SourceMapSegment {
  if (segment.length === 1) return [segment[0] + by];
  return [segment[0] + by, segment[1], segment[2], segment[3]];
}

function withoutName(segment: SourceMapSegment): SourceMapSegment {
  if (segment.length === 1) return segment;
  return [segment[0], segment[1], segment[2], segment[3]];
}
