/** Bytes compared, copied and turned round. */
import {
  bufferOf,
  bytesOf,
  lengthOf,
  nativeError,
  offsetOf,
  part,
  setBytes,
} from "./views.ts";

type Order = -1 | 0 | 1;

export function compare(left: Uint8Array, right: Uint8Array): Order {
  return compareParts(left, { start: 0, length: lengthOf(left) }, right, {
    start: 0,
    length: lengthOf(right),
  });
}

export function compareOffset(
  sourceView: unknown,
  targetView: unknown,
  targetStart: number,
  sourceStart: number,
  targetEnd: number,
  sourceEnd: number,
): Order {
  const source = bytesOf(sourceView);
  const target = bytesOf(targetView);
  if (sourceStart > lengthOf(source)) throw outOfRange("sourceStart");
  if (targetStart > lengthOf(target)) throw outOfRange("targetStart");
  return compareParts(
    source,
    {
      start: sourceStart,
      length: Math.max(0, sourceEnd - sourceStart),
    },
    target,
    {
      start: targetStart,
      length: Math.max(0, targetEnd - targetStart),
    },
  );
}

function outOfRange(name: string): Error {
  return nativeError(
    RangeError,
    "ERR_OUT_OF_RANGE",
    `The value of "${name}" is out of range.`,
  );
}

interface Range {
  start: number;
  length: number;
}

/** From here on four bytes at a time are worth two more views. */
const wordsFrom = 256;

function compareParts(
  left: Uint8Array,
  leftRange: Range,
  right: Uint8Array,
  rightRange: Range,
): Order {
  const common = Math.min(
    leftRange.length,
    rightRange.length,
    lengthOf(left) - leftRange.start,
    lengthOf(right) - rightRange.start,
  );
  let at =
    common < wordsFrom
      ? 0
      : equalWords(left, leftRange, right, rightRange, common);
  for (; at < common; at++) {
    const difference =
      (left[leftRange.start + at] ?? 0) - (right[rightRange.start + at] ?? 0);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  if (leftRange.length === rightRange.length) return 0;
  return leftRange.length < rightRange.length ? -1 : 1;
}

/** How many bytes are equal at the least, looked at in words where both lie so. */
function equalWords(
  left: Uint8Array,
  leftRange: Range,
  right: Uint8Array,
  rightRange: Range,
  common: number,
): number {
  const leftWords = wordsAt(left, leftRange.start, common);
  const rightWords = wordsAt(right, rightRange.start, common);
  if (!leftWords || !rightWords) return 0;
  const count = common >> 2;
  let at = 0;
  while (at < count && leftWords[at] === rightWords[at]) at++;
  return at * 4;
}

function wordsAt(
  bytes: Uint8Array,
  start: number,
  length: number,
): Int32Array | undefined {
  const offset = offsetOf(bytes) + start;
  if (offset % 4 !== 0) return undefined;
  return new Int32Array(bufferOf(bytes), offset, length >> 2);
}

/** Where a loop is done before a view is made. */
const loopBytes = 24;

/** Gives how many were copied: none into memory that is gone. */
export function copyBytes(
  sourceView: unknown,
  targetView: unknown,
  targetStart: number,
  sourceStart: number,
  count: number,
): number {
  const source = bytesOf(sourceView);
  const target = bytesOf(targetView);
  if (targetStart + count > lengthOf(target)) return 0;
  if (sourceStart + count > lengthOf(source)) return 0;
  if (count < loopBytes && bufferOf(source) !== bufferOf(target))
    for (let at = 0; at < count; at++)
      target[targetStart + at] = source[sourceStart + at] ?? 0;
  else
    setBytes(
      target,
      part(source, sourceStart, sourceStart + count),
      targetStart,
    );
  return count;
}

/** Turns each group of so many bytes round, in place. */
export function swap(size: 2 | 4 | 8) {
  const half = size / 2;
  return (view: unknown): unknown => {
    const bytes = bytesOf(view);
    const length = lengthOf(bytes);
    for (let start = 0; start + size <= length; start += size)
      for (let at = 0; at < half; at++) {
        const other = start + size - 1 - at;
        const kept = bytes[start + at] ?? 0;
        bytes[start + at] = bytes[other] ?? 0;
        bytes[other] = kept;
      }
    return view;
  };
}
