/** What the calls of a version say: sent while they wait, with their ends, and for a while after. */
import type { LogLine } from "../protocol.ts";
import type { OpenCall } from "./call.ts";
import type { Unhandled } from "./isolate.ts";
import { portionsOf } from "./log-frames.ts";
import type { Reply } from "./main.ts";
import { maxStackChars, type SourcePlaces } from "./stack.ts";

export interface CallLogsParts {
  version: string;
  places: SourcePlaces;
  reply: Reply;
}

const maxUnhandledChars = 1000;
/** What `process.exit` throws, so that nothing after it runs; runtime/process.ts has the words. */
const exitWordsPattern =
  /^process\.exit\(-?\d+\) ended the invocation before it answered$/;
const maxEndedCalls = 64;

export class CallLogs {
  readonly #parts: CallLogsParts;
  /** Invocation ids by call, of those that ended last: lines they log later are still theirs. */
  readonly #ended = new Map<number, string>();

  constructor(parts: CallLogsParts) {
    this.#parts = parts;
  }

  /** Keeps a line, the frames of stacks in it at the places of the author's source. */
  add(call: OpenCall, line: LogLine): void {
    call.log(this.#readable(line));
  }

  /** A rejection that nobody handled, with the guest's own frames; a call that ended itself says no more of it. */
  addUnhandled(call: OpenCall, { message, stack }: Unhandled): void {
    if (exitWordsPattern.test(message)) return;
    const frames = this.#parts.places.guestFrames(stack);
    const lines = [
      `Unhandled rejection: ${message.slice(0, maxUnhandledChars)}`,
      ...(frames === ""
        ? []
        : frames.split("\n").map((frame) => `    ${frame}`)),
    ];
    call.log({
      level: "error",
      timeMs: Date.now(),
      text: lines.join("\n").slice(0, maxStackChars),
    });
  }

  /** Sends what there is, so that it survives whatever comes. */
  flush(call: OpenCall): void {
    if (call.lines.length > 0) this.send(call);
  }

  /** Sends the lines, none if there are none; and how many were not kept. */
  send(call: OpenCall): void {
    const { lines, dropped } = call.takeLog();
    this.#send(call.id, call.invocationId, lines, dropped);
  }

  /** The last words of a call that has ended; the one that ended longest ago is forgotten. */
  end(call: OpenCall): void {
    if (call.lines.length > 0 || call.dropped > 0) this.send(call);
    this.#ended.set(call.id, call.invocationId);
    if (this.#ended.size <= maxEndedCalls) return;
    const [oldest] = this.#ended.keys();
    if (oldest !== undefined) this.#ended.delete(oldest);
  }

  /** A line of what an ended call left behind, as long as the call is remembered. */
  sendLate(id: number, line: LogLine): void {
    const invocationId = this.#ended.get(id);
    if (invocationId !== undefined)
      this.#send(id, invocationId, [this.#readable(line)], 0);
  }

  #readable(line: LogLine): LogLine {
    const text = this.#parts.places.inText(line.text);
    return text === line.text ? line : { ...line, text };
  }

  #send(
    id: number,
    invocationId: string,
    all: LogLine[],
    dropped: number,
  ): void {
    const { version, reply } = this.#parts;
    for (const [index, lines] of portionsOf(all).entries())
      reply({
        type: "logged",
        id,
        version,
        invocationId,
        lines,
        dropped: index === 0 ? dropped : 0,
      });
  }
}
