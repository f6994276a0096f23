/** What is asked of a connection leaves in its order, in pieces, and no more of them than may be on their way. */
import {
  maxUntakenWrites,
  maxWriteBytes,
  maxWriteChars,
} from "../../egress-bounds.ts";
import type { BodyForm } from "./fetch/exchange.ts";
import { charCode, sliceText } from "./intrinsics.ts";

export interface SocketQueue {
  /** It is connected: what waits may leave. */
  begin(): void;
  add(
    kind: Task["kind"],
    text: string,
    form: BodyForm,
    taken: () => void,
  ): void;
  /** The first piece on its way was taken. */
  taken(): void;
}

/** Something asked of a connection that waits for its turn. */
interface Task {
  readonly kind: "write" | "end" | "upgrade";
  readonly text: string;
  readonly form: BodyForm;
  /** Of a write, what has been sent. */
  sentChars: number;
  readonly taken: () => void;
  next: Task | undefined;
}

/** A piece on its way. */
interface Sent {
  /** Of a write's last piece. */
  readonly taken: (() => void) | undefined;
  next: Sent | undefined;
}

export function createSocketQueue(
  post: (item: [kind: string, rest: string], body: string) => void,
): SocketQueue {
  let first: Task | undefined;
  let last: Task | undefined;
  let firstSent: Sent | undefined;
  let lastSent: Sent | undefined;
  let sentCount = 0;
  let hasBegun = false;

  const takeTask = () => {
    first = first?.next;
    if (!first) last = undefined;
  };

  const sendPiece = (task: Task) => {
    const start = task.sentChars;
    const end = pieceEnd(task.text, start, task.form);
    task.sentChars = end;
    const isWhole = end === task.text.length;
    const sent: Sent = {
      taken: isWhole ? task.taken : undefined,
      next: undefined,
    };
    if (lastSent) lastSent.next = sent;
    else firstSent = sent;
    lastSent = sent;
    sentCount++;
    post(["write", `,"${task.form}"`], sliceText(task.text, start, end));
    if (isWhole) takeTask();
  };

  /** Sends what is first; false: it must wait, or nothing is. */
  const sendNext = () => {
    const task = first;
    if (!hasBegun || !task) return false;
    if (task.kind === "write") {
      if (sentCount >= maxUntakenWrites) return false;
      sendPiece(task);
      return true;
    }
    takeTask();
    if (task.kind === "end") post(["finish", ""], "");
    else post(["upgrade", ""], task.text);
    task.taken();
    return true;
  };

  const send = () => {
    while (sendNext());
  };

  return {
    begin: () => {
      hasBegun = true;
      send();
    },
    add: (kind, text, form, taken) => {
      const task: Task = {
        kind,
        text,
        form,
        sentChars: 0,
        taken,
        next: undefined,
      };
      if (last) last.next = task;
      else first = task;
      last = task;
      send();
    },
    taken: () => {
      const sent = firstSent;
      firstSent = sent?.next;
      if (!firstSent) lastSent = undefined;
      sentCount--;
      send();
      sent?.taken?.();
    },
  };
}

/** Where the next piece ends: no char that needs two is cut. */
function pieceEnd(text: string, start: number, form: BodyForm): number {
  const maxChars = form === "latin1" ? maxWriteBytes : maxWriteChars;
  const end = start + maxChars;
  if (end >= text.length) return text.length;
  const code = charCode(text, end - 1);
  const isFirstHalf = form === "utf8" && code >= 0xd800 && code <= 0xdbff;
  return isFirstHalf ? end - 1 : end;
}
