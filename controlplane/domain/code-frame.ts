/** The lines of a source around a place, with a caret under it. */

/** A place in a text; line and column count from 1, the column in UTF-16 units. */
export interface FramePlace {
  line: number;
  column: number;
  /** How many characters are meant; one where it is not known. */
  length?: number;
}

/** Lines shown above and below the one that is meant. */
const linesAround = 2;
/** Minified code has one line of everything. */
const maxLineChars = 120;

/** The frame; empty where the text has no such line. */
export function codeFrame(text: string, place: FramePlace): string {
  const lines = text.split(/\r?\n/);
  if (lines[place.line - 1] === undefined) return "";
  const first = Math.max(1, place.line - linesAround);
  const last = Math.min(lines.length, place.line + linesAround);
  const width = String(last).length;
  // A place far to the right is brought into view, and the other lines with it.
  const cut = Math.max(0, place.column - Math.floor(maxLineChars / 2));
  const left = place.column > maxLineChars ? cut : 0;
  const frame: string[] = [];
  for (let line = first; line <= last; line += 1) {
    const shown = visible(lines[line - 1] ?? "").slice(
      left,
      left + maxLineChars,
    );
    const isMeant = line === place.line;
    const number = String(line).padStart(width);
    frame.push(`${isMeant ? ">" : " "} ${number} | ${shown}`.trimEnd());
    if (!isMeant) continue;
    const column = place.column - 1 - left;
    const marked = Math.min(place.length ?? 1, shown.length - column);
    const carets = "^".repeat(Math.max(1, marked));
    frame.push(`  ${" ".repeat(width)} | ${" ".repeat(column)}${carets}`);
  }
  return frame.join("\n");
}

/** Each character takes one place, and none moves the reader's cursor. */
function visible(line: string): string {
  return line.replaceAll("\t", " ").replaceAll(/\p{Cc}/gu, "?");
}
