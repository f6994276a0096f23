/** Looking for bytes in bytes, as Node's Buffer does: forward or backward, also in steps of two. */
import { indexOfByte } from "./views.ts";

export interface Search {
  hay: Uint8Array;
  /** How much there is of it: offsets from the end count from there. */
  wholeLength: number;
  /** How much of it counts. */
  hayLength: number;
  needle: Uint8Array;
  needleLength: number;
  offset: number;
  isForward: boolean;
  /** 2 for UTF-16: matches begin at even places only. */
  step: 1 | 2;
}

export function findBytes(search: Search): number {
  const { hayLength, needleLength, isForward } = search;
  const from = firstPlace(search);
  if (needleLength === 0) return from;
  if (hayLength === 0 || from < 0) return -1;
  if (needleLength > hayLength) return -1;
  if (isForward && from + needleLength > hayLength) return -1;
  return isForward ? findForward(search, from) : findBackward(search, from);
}

/** An offset from either end, as a place to begin at; -1 where there is nothing to look at. */
function firstPlace({
  wholeLength,
  hayLength,
  needleLength,
  offset,
  isForward,
}: Omit<Search, "hay" | "needle" | "step">): number {
  // Of -0, 0 is made.
  const start = offset < 0 ? offset + wholeLength : offset + 0;
  if (start < 0) return isForward || needleLength === 0 ? 0 : -1;
  if (start + needleLength <= hayLength) return start;
  if (needleLength === 0) return hayLength;
  return isForward ? -1 : hayLength - 1;
}

function findForward(search: Search, from: number): number {
  const { hay, hayLength, needle, needleLength, step } = search;
  const last = hayLength - needleLength;
  const first = needle[0] ?? 0;
  let at = step === 2 ? from & ~1 : from;
  while (at <= last) {
    const found = indexOfByte(hay, first, at);
    if (found < 0 || found > last) return -1;
    const isPlace = step === 1 || (found & 1) === 0;
    if (isPlace && isAt(search, found)) return found;
    at = found + 1;
  }
  return -1;
}

function findBackward(search: Search, from: number): number {
  const { hayLength, needleLength, step } = search;
  const start = Math.min(from, hayLength - needleLength);
  for (let at = step === 2 ? start & ~1 : start; at >= 0; at -= step)
    if (isAt(search, at)) return at;
  return -1;
}

function isAt({ hay, needle, needleLength }: Search, place: number): boolean {
  for (let at = 0; at < needleLength; at++)
    if (hay[place + at] !== needle[at]) return false;
  return true;
}
