/**
 * Connections outward and look-ups of names, over the executor: bytes cross as text of one char a byte. They belong to the
 * invocation that opened them and end with it. Node's own modules are built on this; no guest holds it.
 */
import type { Call, Calls } from "./calls.ts";
import type { EgressErrors } from "./fetch/errors.ts";
import type { BodyForm } from "./fetch/exchange.ts";
import { checkMayLeave, giveUp, type Outward } from "./egress.ts";
import { parse, quote } from "./intrinsics.ts";
import { createSocketQueue } from "./socket-queue.ts";

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

const connections: Outward = {
  topLevel: "connections are opened in an invocation only",
  answered: "may open no more connections",
  open: "connections and requests",
  all: "timers, connections and requests",
};

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
      checkMayLeave(calls, call, errors, connections);
      const egress = calls.nextEgress();
      const queue = createSocketQueue((item, body) =>
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
          if (forget(call, egress)) giveUp(calls, call, egress);
        },
      };
    },
    lookup: (name, record, listener) => {
      const call = calls.current();
      checkMayLeave(calls, call, errors, connections);
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
        if (forget(call, egress)) giveUp(calls, call, egress);
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
