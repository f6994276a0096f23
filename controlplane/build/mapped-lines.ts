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
}

/** A script taken apart. */
export function linesOf({ code, map }: MappedScript): MappedLines {
  const traced = new TraceMap(map);
  const mappings = decodedMappings(traced);
  const lines = code.split("\n").map((text, at) => ({
    text,
    segments: mappings[at] ?? [],
  }));
  return { lines, sources: traced.sources };
}

/** The lines put together again. Names are left out: stack traces do not ask for them. */
export function scriptOf({ lines, sources }: MappedLines): MappedScript {
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

/** The line with `text` put in at a column; what stands behind it keeps its origin. */
export function withText(
  line: MappedLine,
  column: number,
  text: string,
): MappedLine {
  return {
    text: `${line.text.slice(0, column)}${text}${line.text.slice(column)}`,
    segments: line.segments.map((segment) =>
      segment[0] < column ? segment : movedBy(segment, text.length),
    ),
  };
}

function movedBy(segment: SourceMapSegment, by: number): SourceMapSegment {
  if (segment.length === 1) return [segment[0] + by];
  return [segment[0] + by, segment[1], segment[2], segment[3]];
}

function withoutName(segment: SourceMapSegment): SourceMapSegment {
  if (segment.length === 1) return segment;
  return [segment[0], segment[1], segment[2], segment[3]];
}
