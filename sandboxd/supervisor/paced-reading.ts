/**
 * Reads an executor's pipe so that one which sends much takes a bounded share of the event loop, whatever it sends: in
 * slices, with a turn of the loop for everybody else between them, and in the long run no more than so many bytes a second.
 * What is not read waits in the executor's own memory.
 */
import type { Readable } from "node:stream";

/** What may be taken, by its cost, in one turn of the loop: about a third of a millisecond of it. */
const sliceBytes = 128 * 1024;
/** The largest answer, and what comes with it, is read without waiting. */
const burstBytes = 8 * 1024 * 1024;
/** Of one process, whoever's calls it runs: bytes of bodies, which cost the least. The pauses this makes are shorter than what counts as silence. */
export const answerBytesPerSecond = 16 * 1024 * 1024;

/** What each byte of a long head costs beside itself: it is parsed, and one that lies can make that slow. */
const headByteCost = 8;
/** Of a head: what honest ones have, nearly all of them. */
const freeHeadBytes = 1024;

/** What a head of this length costs beside their bytes. */
export function costOfHead(headBytes: number): number {
  return Math.max(0, headBytes - freeHeadBytes) * headByteCost;
}

/** `take` says what the chunk cost beside its bytes. */
export function readPaced(
  pipe: Readable,
  now: () => number,
  take: (chunk: Buffer) => number,
): void {
  let sliceLeft = sliceBytes;
  let creditBytes = burstBytes;
  let creditedMs = now();
  const resume = () => pipe.resume();

  const rest = () => {
    const nowMs = now();
    const earned = ((nowMs - creditedMs) / 1000) * answerBytesPerSecond;
    creditBytes = Math.min(burstBytes, creditBytes + earned);
    creditedMs = nowMs;
    pipe.pause();
    if (creditBytes >= 0) setImmediate(resume);
    else setTimeout(resume, (-creditBytes / answerBytesPerSecond) * 1000);
  };

  pipe.on("data", (chunk: Buffer) => {
    const cost = chunk.length + take(chunk);
    creditBytes -= cost;
    // Counted in all, not by turns of the loop: a pause costs a process that sends little nothing.
    sliceLeft -= cost;
    if (sliceLeft > 0) return;
    sliceLeft = sliceBytes;
    rest();
  });
}
