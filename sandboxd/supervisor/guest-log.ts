/**
 * What an invocation's code wrote to its console, as we keep it: bounded once more, since the executor's own bound stands in
 * hostile territory, and without the characters that would write into a terminal or begin a line in somebody's log.
 */
import type { LogLine, LoggedReply } from "../protocol.ts";

/** What a line costs beside its text: empty ones are not free. */
const lineCostBytes = 64;

type Lines = Pick<LoggedReply, "lines" | "dropped">;

export class GuestLog {
  readonly #maxBytes: number;
  #bytes = 0;
  #lines: LogLine[] = [];
  #dropped = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Keeps what there is room for; the rest is counted. */
  add({ lines, dropped }: Lines): void {
    this.#dropped += dropped;
    for (const line of lines) {
      // One that is too long as it came is not looked at: making it visible costs far more than reading it.
      const isTooLong = this.#bytes + line.text.length > this.#maxBytes;
      const text = isTooLong ? line.text : visible(line.text);
      const textBytes = isTooLong ? text.length : Buffer.byteLength(text);
      this.#bytes += textBytes + lineCostBytes;
      if (this.#bytes <= this.#maxBytes) this.#lines.push({ ...line, text });
      else this.#dropped++;
    }
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
