/**
 * The only way out of the isolate: texts that wait until the executor fetches them with `drain`. Heads are put together
 * from quoted strings and numbers by hand, because JSON.stringify of an object would ask the guest's `toJSON`.
 */
import { quote } from "./intrinsics.ts";

/**
 * What may stand in a drained head; bridge.ts reads it on the other side. Said here once, because the head is put together
 * by hand and no compiler sees it.
 */
export type OutboxItem =
  | [kind: "loaded", call: number, model: string, payload: string]
  | [kind: "timer", call: number, timer: number, delayMs: number]
  | [kind: "clear", call: number, timer: number]
  | [kind: "log", call: number, level: string, timeMs: number, text: string]
  | [kind: "dropped", call: number, lines: number]
  | [
      kind: "egress",
      call: number,
      egress: number,
      method: string,
      url: string,
      headers: string[],
      encoding: "utf8" | "latin1",
    ]
  | [
      kind: "connect",
      call: number,
      egress: number,
      host: string,
      port: number,
      address: string,
    ]
  | [kind: "lookup", call: number, egress: number, name: string, record: string]
  | [kind: "write", call: number, egress: number, form: "utf8" | "latin1"]
  | [kind: "finish", call: number, egress: number]
  | [kind: "upgrade", call: number, egress: number]
  | [kind: "read", call: number, egress: number, form: "utf8" | "latin1"]
  | [kind: "abort", call: number, egress: number]
  | [
      kind: "result",
      call: number,
      httpStatus: number,
      contentType: string,
      headers: string[],
      encoding: "utf8" | "latin1",
    ]
  | [
      kind: "failure",
      call: number,
      reason: string,
      message: string,
      stack: string,
      httpStatus: number,
      observed: number,
    ];

interface Waiting {
  item: string;
  body: string;
  next: Waiting | undefined;
}

/** Collects what goes out. */
export interface Outbox {
  timer: (call: number, timer: number, delayMs: number) => void;
  clear: (call: number, timer: number) => void;
  log: (call: number, level: string, timeMs: number, text: string) => void;
  /** A line that was not kept. */
  dropped: (call: number) => void;
  /** A ready JSON item, with at most one body; each is drained alone, in their order. */
  post: (item: string, body: string) => void;
  /** `1` if more waits, else `0`; then the items as a JSON array, a line feed, the body of the last. Empty: nothing waits. */
  drain: () => string;
}

export function createOutbox(): Outbox {
  let small = "";
  let droppedCall = 0;
  let droppedLines = 0;
  let first: Waiting | undefined;
  let last: Waiting | undefined;

  const add = (item: string) => {
    small = small === "" ? item : `${small},${item}`;
  };
  const flushDropped = () => {
    if (droppedLines > 0) add(`["dropped",${droppedCall},${droppedLines}]`);
    droppedLines = 0;
  };
  const takePosted = () => {
    const taken = first;
    first = taken?.next;
    if (!first) last = undefined;
    return taken;
  };

  return {
    timer: (call, timer, delayMs) =>
      add(`["timer",${call},${timer},${delayMs}]`),
    clear: (call, timer) => add(`["clear",${call},${timer}]`),
    log: (call, level, timeMs, text) =>
      add(`["log",${call},${quote(level)},${timeMs},${quote(text)}]`),
    dropped: (call) => {
      if (call !== droppedCall) flushDropped();
      droppedCall = call;
      droppedLines++;
    },
    post: (item, body) => {
      const waiting: Waiting = { item, body, next: undefined };
      if (last) last.next = waiting;
      else first = waiting;
      last = waiting;
    },
    drain: () => {
      flushDropped();
      const posted = takePosted();
      if (posted) add(posted.item);
      if (small === "") return "";
      const items = small;
      small = "";
      return `${first ? 1 : 0}[${items}]\n${posted ? posted.body : ""}`;
    },
  };
}
