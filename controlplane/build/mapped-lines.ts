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

/** Text in place of some of a script's, by its offsets. */
export interface Replacement {
  start: number;
  end: number;
  text: string;
}

/** Text in place of some of a line's columns. */
interface Edit {
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

/** The lines with texts of theirs replaced; lines of which nothing is left are left out. */
export function replaced(
  lines: readonly MappedLine[],
  replacements: readonly Replacement[],
): MappedLine[] {
  const inOrder = replacements.toSorted(
    (one, other) => one.start - other.start,
  );
  let next = 0;
  let at = 0;
  return lines.flatMap((line) => {
    const end = at + line.text.length;
    const edits: Edit[] = [];
    for (
      let one = inOrder[next];
      one && one.start <= end;
      one = inOrder[next]
    ) {
      const column = Math.max(0, one.start - at);
      const isFirst = one.start >= at;
      edits.push({
        column,
        length: Math.min(end, one.end) - at - column,
        text: isFirst ? one.text : "",
      });
      if (one.end > end) break;
      next += 1;
    }
    at = end + 1;
    if (edits.length === 0) return [line];
    const edited = withEdits(line, edits);
    return edited.text.trim() === "" ? [] : [edited];
  });
}

function movedBy(segment: SourceMapSegment, by: number): SourceMapSegment {
  if (segment.length === 1) return [segment[0] + by];
  return [segment[0] + by, segment[1], segment[2], segment[3]];
}

function withoutName(segment: SourceMapSegment): SourceMapSegment {
  if (segment.length === 1) return segment;
  return [segment[0], segment[1], segment[2], segment[3]];
}
