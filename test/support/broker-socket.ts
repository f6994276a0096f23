/** A connection through a test broker, told as a whole: what came of it, in order. */
import { EventEmitter, once } from "node:events";
import type { Broker } from "../../sandboxd/broker/broker.ts";
import type {
  EgressProblem,
  SocketPlace,
  TlsState,
  TlsWishes,
} from "../../sandboxd/protocol.ts";
import type {
  EgressSocket,
  LookupRequest,
  SocketRequest,
} from "../../sandboxd/supervisor/egress.ts";

export interface TestSocket {
  readonly socket: EgressSocket;
  /** Names of notes, `chunk`s left out, and how it ended. */
  readonly events: string[];
  received: Buffer;
  largestChunk: number;
  place?: SocketPlace;
  tls?: TlsState;
  problem?: EgressProblem;
  write(text: string | Buffer): void;
  upgrade(wishes: TlsWishes): void;
  /** Resolves when such an event was told. */
  heard(event: string): Promise<void>;
  /** Resolves when so many bytes have come. */
  has(bytes: number): Promise<Buffer>;
}

export type TestSocketOptions = Partial<Omit<SocketRequest, "tls">> & {
  tls?: TlsWishes;
  /** In their place, what may be no wishes at all. */
  wishes?: Buffer;
  /** Pulls nothing. */
  isIdle?: boolean;
};

/** Opens one for the container "acme". */
export function openSocket(
  broker: Broker,
  port: number,
  { tls, wishes, isIdle = false, ...changes }: TestSocketOptions = {},
): TestSocket {
  const emitter = new EventEmitter();
  const tell = (event: string) => {
    opened.events.push(event);
    emitter.emit("event");
  };
  const socket = broker.connect(
    {
      container: "acme",
      invocationId: "invocation",
      host: "127.0.0.1",
      port,
      address: "",
      wallMs: 20_000,
      tls: wishes ?? (tls && Buffer.from(JSON.stringify(tls))),
      ...changes,
    },
    {
      note: (note, body) => {
        const data: unknown =
          body.length > 0 ? JSON.parse(body.toString()) : undefined;
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the broker under test wrote it
        if (note === "connected") opened.place = data as SocketPlace;
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
        if (note === "secured") opened.tls = data as TlsState;
        tell(note);
      },
      chunk: (bytes) => {
        opened.received = Buffer.concat([opened.received, bytes]);
        opened.largestChunk = Math.max(opened.largestChunk, bytes.length);
        if (!isIdle) socket.pull(bytes.length);
        emitter.emit("event");
      },
      end: () => tell("end"),
      failed: (problem) => {
        opened.problem = problem;
        tell("failed");
      },
    },
  );
  const opened: TestSocket = {
    socket,
    events: [],
    received: Buffer.alloc(0),
    largestChunk: 0,
    write: (text) => socket.write(Buffer.from(text)),
    upgrade: (later) => socket.upgrade(Buffer.from(JSON.stringify(later))),
    heard: async (event) => {
      while (!opened.events.includes(event)) await once(emitter, "event");
    },
    has: async (bytes) => {
      while (opened.received.length < bytes) await once(emitter, "event");
      return opened.received;
    },
  };
  if (!isIdle) socket.pull(256 * 1024);
  return opened;
}

/** What a look-up for "acme" found, or why it found nothing. */
export function lookUp(
  broker: Broker,
  name: string,
  record: LookupRequest["record"] = "address",
): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const caller = {
    container: "acme",
    invocationId: "invocation",
    wallMs: 20_000,
  };
  broker.lookup(
    { ...caller, name, record },
    {
      note: (_note, body) => resolve(JSON.parse(body.toString())),
      chunk: () => undefined,
      end: () => undefined,
      failed: resolve,
    },
  );
  return promise;
}
