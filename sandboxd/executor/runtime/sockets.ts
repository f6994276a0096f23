/**
 * Connections outward and look-ups of names, over the executor: bytes cross as text of one char a byte. They belong to the
 * invocation that opened them and end with it. Node's own modules are built on this; no guest holds it.
 */
import type { Call, Calls } from "./calls.ts";
import {
  maxUntakenWrites,
  maxWriteBytes,
  maxWriteChars,
} from "../../egress-bounds.ts";
import type { EgressErrors } from "./fetch/errors.ts";
import type { BodyForm } from "./fetch/exchange.ts";
import {
  TypeErrorIntrinsic,
  charCode,
  parse,
  quote,
  sliceText,
} from "./intrinsics.ts";

export interface ConnectOptions {
  host: string;
  port: number;
  /** Of the host's addresses the one to take; empty: any. */
  address: string;
  /** `TlsWishes` (protocol.ts) as JSON; empty: none. */
  tls: string;
}

/** Told of a connection, each at a time of its own; after `failed` or `closed` nothing. */
export interface SocketListener {
  /** `SocketPlace`. */
  connected: (place: unknown) => void;
  /** `TlsState`; also of TLS from the start. */
  secured: (state: unknown) => void;
  /** What a `read` asked for. */
  data: (text: string) => void;
  /** Instead of data: the other side sends no more. */
  ended: () => void;
  failed: (error: Error) => void;
  /** Both sides have ended. */
  closed: () => void;
}

export interface Socket {
  /** Sends it after what was written before; `taken` is told when all of it has left this host's memory. */
  write(text: string, form: BodyForm, taken: () => void): void;
  /** Says, after what was written, that nothing more will be; `taken` when that is on its way. */
  end(taken: () => void): void;
  /** Begins TLS after what was written; the listener is told when it is `secured`. */
  upgrade(tls: string): void;
  /** Asks for the next bytes; one at a time. */
  read(form: BodyForm): void;
  /** Ends it; the listener is told nothing more. */
  destroy(): void;
}

export interface LookupListener {
  /** Addresses, or what dns.resolve gives. */
  found: (records: unknown) => void;
  failed: (error: Error) => void;
}

export interface Sockets {
  /** Throws where the running call may open none. */
  connect(options: ConnectOptions, listener: SocketListener): Socket;
  /** Likewise; `record` as in protocol.ts. Gives what gives it up. */
  lookup(name: string, record: string, listener: LookupListener): () => void;
  /** What the executor tells; false: it is not of a connection. */
  take(call: Call, egress: number, news: string, text: string): boolean;
}

/** A connection or a look-up as its call keeps it. */
export interface SocketState {
  readonly told: (news: string, text: string) => void;
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

export function createSockets(calls: Calls, errors: EgressErrors): Sockets {
  const errorOf = (text: string) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the executor wrote it
    const problem = parse(text) as [
      kind: string,
      message: string,
      code: string,
    ];
    return errors.createCoded(problem[0], problem[1], problem[2]);
  };

  return {
    connect: (options, listener) => {
      const call = calls.current();
      checkMayOpen(calls, call, errors);
      const egress = calls.nextEgress();
      const queue = createQueue((item, body) =>
        calls.outbox.post(
          `["${item[0]}",${call.id},${egress}${item[1]}]`,
          body,
        ),
      );
      open(call, egress, {
        told: (news, text) => {
          switch (news) {
            case "connected":
              queue.begin();
              listener.connected(parse(text));
              return;
            case "secured":
              listener.secured(parse(text));
              return;
            case "taken":
              queue.taken();
              return;
            case "piece":
              listener.data(text);
              return;
            case "last":
              if (text !== "") listener.data(text);
              listener.ended();
              return;
            case "failure":
              forget(call, egress);
              listener.failed(errorOf(text));
              return;
            default:
              forget(call, egress);
              listener.closed();
          }
        },
      });
      const { host, port, address, tls } = options;
      const item = `["connect",${call.id},${egress},${quote(host)}`;
      calls.outbox.post(`${item},${port},${quote(address)}]`, tls);
      const isOpen = () => call.sockets[egress] !== undefined;
      return {
        write: (text, form, taken) => {
          if (isOpen()) queue.add("write", text, form, taken);
        },
        end: (taken) => {
          if (isOpen()) queue.add("end", "", "utf8", taken);
        },
        upgrade: (wishes) => {
          if (isOpen()) queue.add("upgrade", wishes, "utf8", nothing);
        },
        read: (form) => {
          if (isOpen())
            calls.outbox.post(`["read",${call.id},${egress},"${form}"]`, "");
        },
        destroy: () => {
          if (forget(call, egress))
            calls.outbox.post(`["abort",${call.id},${egress}]`, "");
        },
      };
    },
    lookup: (name, record, listener) => {
      const call = calls.current();
      checkMayOpen(calls, call, errors);
      const egress = calls.nextEgress();
      open(call, egress, {
        told: (news, text) => {
          if (news === "found") listener.found(parse(text));
          else if (forget(call, egress) && news === "failure")
            listener.failed(errorOf(text));
        },
      });
      const item = `["lookup",${call.id},${egress},${quote(name)}`;
      calls.outbox.post(`${item},${quote(record)}]`, "");
      return () => {
        if (forget(call, egress))
          calls.outbox.post(`["abort",${call.id},${egress}]`, "");
      };
    },
    take: (call, egress, news, text) => {
      const state = call.sockets[egress];
      state?.told(news, text);
      return state !== undefined;
    },
  };
}

function open(call: Call, egress: number, state: SocketState): void {
  call.sockets[egress] = state;
  call.openExchanges++;
  call.hostCalls++;
}

/** False: it is over already. */
function forget(call: Call, egress: number): boolean {
  if (!call.sockets[egress]) return false;
  delete call.sockets[egress];
  call.openExchanges--;
  return true;
}

function nothing(): void {}

interface Queue {
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

/** What is asked of a connection leaves in its order, in pieces, and no more of them than may be on their way. */
function createQueue(
  post: (item: [kind: string, rest: string], body: string) => void,
): Queue {
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

function checkMayOpen(
  { limits }: Calls,
  call: Call,
  errors: EgressErrors,
): void {
  if (!call.isInvocation)
    throw new TypeErrorIntrinsic(
      "connections are opened in an invocation only: the top level of a module belongs to none",
    );
  if (call.answered)
    throw new TypeErrorIntrinsic(
      "the invocation has been answered and may open no more connections",
    );
  if (call.openExchanges >= limits.maxOpenEgress)
    throw errors.create(
      "limit",
      `more than ${limits.maxOpenEgress} connections and requests open at once`,
    );
  if (call.hostCalls >= limits.maxHostCalls)
    throw errors.create(
      "limit",
      `more than ${limits.maxHostCalls} timers, connections and requests in one invocation`,
    );
}
