/**
 * What an executor may send. What was asked of it is granted with the asking: one answer, the lines of a log, what its
 * requests outward need. Whatever belongs to nothing that is open is paid from a small allowance; beyond it the process is
 * broken or hostile, and the supervisor would only work for it.
 */

import { lineCostBytes } from "./guest-log.ts";

const allowedFrames = 1000;
const allowedBytes = 1024 * 1024;
/** What comes back of the allowance each second. */
const framesPerSecond = 100;
const bytesPerSecond = 64 * 1024;

/** Frames that answer nothing, of one process. */
export class Allowance {
  readonly #now: () => number;
  #frames = allowedFrames;
  #bytes = allowedBytes;
  #filledMs: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#filledMs = now();
  }

  /** Throws where it is used up. */
  spend(bytes: number): void {
    this.#fill();
    this.#frames--;
    this.#bytes -= bytes;
    if (this.#frames < 0 || this.#bytes < 0)
      throw new Error("more was sent than was asked for");
  }

  #fill(): void {
    const nowMs = this.#now();
    const seconds = (nowMs - this.#filledMs) / 1000;
    this.#filledMs = nowMs;
    this.#frames = Math.min(
      allowedFrames,
      this.#frames + seconds * framesPerSecond,
    );
    this.#bytes = Math.min(
      allowedBytes,
      this.#bytes + seconds * bytesPerSecond,
    );
  }
}

/** Frames that belong to something that is open. */
export class Grant {
  #frames: number;
  #bytes: number;

  constructor(frames: number, bytes: number) {
    this.#frames = frames;
    this.#bytes = bytes;
  }

  add(frames: number, bytes: number): void {
    this.#frames += frames;
    this.#bytes += bytes;
  }

  /** Throws where it is used up. */
  spend(bytes: number): void {
    this.#frames--;
    this.#bytes -= bytes;
    if (this.#frames < 0 || this.#bytes < 0)
      throw new Error("more was sent than was granted");
  }
}

/** JSON writes one character in up to six bytes, and each line has a head of its own. */
const bytesPerLogByte = 8;
/** A frame's head names version and invocation. */
const frameCostBytes = 512;
const spareLogFrames = 64;
const spareLogBytes = 64 * 1024;

/** What one invocation's log may take: at most a frame for each line, and one for the count of those dropped. */
export function logGrant(maxLogBytes: number): Grant {
  const lines = Math.ceil(maxLogBytes / lineCostBytes);
  const bytes = maxLogBytes * bytesPerLogByte + lines * frameCostBytes;
  return new Grant(spareLogFrames + lines, spareLogBytes + bytes);
}
