/** Cuts an invocation's lines into portions that each fit a head of the pipe. */
import { maxHeadBytes } from "../frames.ts";
import { lineCostBytes } from "./call.ts";
import type { LogLine } from "../protocol.ts";

/** Left to the rest of a head: names, counts, brackets. */
const spareBytes = 16 * 1024;
const maxPortionBytes = maxHeadBytes - spareBytes;
/** The runtime cuts them there; one that was taken over may not. */
const maxLineChars = 16 * 1024;
/** Of a character where JSON escapes it. */
const maxCharBytes = 6;

/** At least one portion, which is empty where there are no lines. */
export function portionsOf(lines: readonly LogLine[]): LogLine[][] {
  let portion: LogLine[] = [];
  let bytes = 0;
  const portions = [portion];
  for (const line of lines) {
    const text = line.text.slice(0, maxLineChars);
    const cost = lineCostBytes + text.length * maxCharBytes;
    if (bytes + cost > maxPortionBytes && portion.length > 0) {
      portions.push((portion = []));
      bytes = 0;
    }
    portion.push(text.length < line.text.length ? { ...line, text } : line);
    bytes += cost;
  }
  return portions;
}
