/**
 * What an invocation's code wrote to its console, as we keep it: bounded once more, since the executor's own bound stands in
 * hostile territory, and without the characters that would write into a terminal or begin a line in somebody's log.
 */
import type { LogLine, LoggedReply } from "../protocol.ts";

/** What a line costs beside its text: empty ones are not free. */
export const lineCostBytes = 64;
/** Of one invocation, taken over in the long run and at once; what comes faster is counted. */
const linesPerSecond = 100;
const lineBurst = 1000;

type Lines = Pick<LoggedReply, "lines" | "dropped">;

export class GuestLog {
  readonly #maxBytes: number;
  readonly #now: () => number;
  #bytes = 0;
  #lineCredit = lineBurst;
  #creditedMs: number;
  #lines: LogLine[] = [];
  #dropped = 0;

  constructor(maxBytes: number, now: () => number) {
    this.#maxBytes = maxBytes;
    this.#now = now;
    this.#creditedMs = now();
  }

  /** Keeps what there is room for; the rest is counted. */
  add({ lines, dropped }: Lines): void {
    this.#dropped += dropped;
    this.#earnCredit();
    for (const line of lines) {
      if (this.#lineCredit < 1) {
        this.#dropped++;
        continue;
      }
      this.#lineCredit--;
      // One that is too long as it came is not looked at: making it visible costs far more than reading it.
      const isTooLong = this.#bytes + line.text.length > this.#maxBytes;
      const text = isTooLong ? line.text : visible(line.text);
      const textBytes = isTooLong ? text.length : Buffer.byteLength(text);
      this.#bytes += textBytes + lineCostBytes;
      if (this.#bytes <= this.#maxBytes) this.#lines.push({ ...line, text });
      else this.#dropped++;
    }
  }

  #earnCredit(): void {
    const nowMs = this.#now();
    const earned = ((nowMs - this.#creditedMs) / 1000) * linesPerSecond;
    this.#creditedMs = nowMs;
    this.#lineCredit = Math.min(lineBurst, this.#lineCredit + earned);
  }

  /** What came since it was last taken; undefined where nothing did. */
  take(): Lines | undefined {
    if (this.#lines.length === 0 && this.#dropped === 0) return undefined;
    const taken = { lines: this.#lines, dropped: this.#dropped };
    this.#lines = [];
    this.#dropped = 0;
    return taken;
  }
}

/** Controls (C0, DEL, C1), line and paragraph separators, and what turns the direction of text around. */
const invisible = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
const shortEscapes = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** The text with escapes a person can read in place of characters that act. */
export function visible(text: string): string {
  return text.toWellFormed().replace(invisible, escapeOf);
}

function escapeOf(character: string): string {
  const short = shortEscapes.get(character);
  if (short) return short;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
