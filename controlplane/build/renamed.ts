/** A file of which some names are others than its author's, where they stand, and what is to be changed there. */
import type { SourceMapSegment } from "@jridgewell/trace-mapping";
import {
  ownLine,
  withEdits,
  type Edit,
  type MappedLine,
  type MappedLines,
} from "./mapped-lines.ts";

/** What one of the author's files became. */
export interface RenamedFile {
  /** Its number among the source map's. */
  source: number;
  /** Its lines. */
  from: number;
  to: number;
  /** The author's name of what has another; empty for what stands for several. */
  renamed: ReadonlyMap<string, string>;
  /** Those of them that name functions and classes. */
  functions: ReadonlySet<string>;
}

/** One place of a word. */
export interface Place {
  line: number;
  column: number;
  /** What the source map has there: undefined in strings, and in what no author wrote. */
  segment: SourceMapSegment | undefined;
}

/** Whether a name is put back: those that esbuild's own code uses in a file would be hidden from it. */
export function isPutBack(name: string): boolean {
  return name !== "" && !esbuilds.test(name);
}

const esbuilds =
  /^(?:exports|module|require|Promise|(?:require|import|init)_.*|__.*|.*_(?:exports|default)\d*)$/;

/** Where words stand in a file's lines, but as properties. */
export function wordsIn(
  { lines }: MappedLines,
  { from, to, source }: Pick<RenamedFile, "from" | "to" | "source">,
  words: ReadonlySet<string>,
): Map<string, Place[]> {
  const found = new Map<string, Place[]>();
  if (words.size === 0) return found;
  for (let line = from; line < to; line++) {
    const mapped = lines[line] ?? ownLine("");
    const { text } = mapped;
    for (const match of text.matchAll(anyWord)) {
      const [word] = match;
      if (!words.has(word)) continue;
      const column = match.index;
      if (isProperty(text, column)) continue;
      const segment = segmentAt(mapped, column, source);
      const place = { line, column, segment };
      const places = found.get(word);
      if (places) places.push(place);
      else found.set(word, [place]);
    }
  }
  return found;
}

const anyWord =
  /(?<![\w$\u0080-\uffff])[a-z_$\u0080-\uffff][\w$\u0080-\uffff]*/gi;

/** Whether what stands at a column is a property of something, and so named by nobody else. */
export function isProperty(text: string, column: number): boolean {
  return text[column - 1] === "." && text[column - 2] !== ".";
}

/** What the source map has of a file at a column. */
export function segmentAt(
  { text, segments }: MappedLine,
  column: number,
  source: number,
): SourceMapSegment | undefined {
  const segment = findSegment(segments, column);
  // What a line begins with is told at its very start, unless it has another name.
  const isFirst = !segment && text.search(/\S/) === column;
  const found = isFirst ? segments[0] : segment;
  return found?.[1] === source ? found : undefined;
}

function findSegment(
  segments: readonly SourceMapSegment[],
  column: number,
): SourceMapSegment | undefined {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((segments[middle]?.[0] ?? 0) < column) low = middle + 1;
    else high = middle;
  }
  return segments[low]?.[0] === column ? segments[low] : undefined;
}

/** What is to be changed, by the line. */
export class Changes {
  readonly #edits = new Map<number, Edit[]>();
  readonly #before = new Map<number, string[]>();

  get isEmpty(): boolean {
    return this.#edits.size === 0 && this.#before.size === 0;
  }

  edit(line: number, edit: Edit): void {
    const edits = this.#edits.get(line);
    if (edits) edits.push(edit);
    else this.#edits.set(line, [edit]);
  }

  /** Puts a line of ours before one. */
  putBefore(line: number, text: string): void {
    this.#before.set(line, [...(this.#before.get(line) ?? []), text]);
  }

  madeTo(lines: readonly MappedLine[]): MappedLine[] {
    return lines.flatMap((line, at) => {
      const edits = this.#edits.get(at);
      return [
        ...(this.#before.get(at) ?? []).map(ownLine),
        edits ? withEdits(line, edits) : line,
      ];
    });
  }
}
