/**
 * The loopback of an isolate: servers that listen in it are reached by what connects in it, in memory and in the same
 * invocation. So apps can be tried with the clients they are tried with on Node; nobody else finds them, and no socket is
 * opened. Both sides go on in turns of their own, as news from the network would.
 */
import type { SocketListener } from "../sockets.ts";
import { Side, type Later, type NearSocket } from "./near-socket.ts";
import type { RealmParts } from "./realm.ts";

/** Of an isolate, at once. */
const maxListeners = 64;
const maxConnections = 256;
const firstPort = 32_768;
const lastPort = 60_999;
const anyAddresses = ["::", "0.0.0.0"];

export interface Place {
  localAddress?: string;
  localPort: number;
  remoteAddress: string;
  remotePort: number;
  family: number;
}

type Accept = (socket: NearSocket, place: Place) => void;

interface Listener {
  address: string;
  port: number;
  call: object;
  /** Made by no invocation: found by all. */
  isShared: boolean;
  accept: Accept;
}

export interface Loopback {
  /** A port that nobody has, for 0. */
  portFor: (port: number) => number;
  isTaken: (place: { address: string; port: number }) => boolean;
  /** What takes it back, or the code of an error. */
  listen: (
    place: { address: string; port: number },
    accept: Accept,
  ) => (() => void) | "EADDRINUSE" | "EADDRNOTAVAIL" | "EMFILE";
  /** Undefined: nobody listens there. */
  connect: (
    place: { address: string; port: number },
    listener: SocketListener,
  ) => NearSocket | undefined;
}

export function createLoopback({ runtime }: RealmParts): Loopback {
  const listeners = new Set<Listener>();
  const counts = { connections: 0 };
  const ofCalls = new WeakMap<object, Later>();
  let lastGiven = firstPort - 1;

  const find = (address: string, port: number) => {
    const call = runtime.call();
    for (const listener of listeners)
      if (
        listener.port === port &&
        (listener.isShared || listener.call === call) &&
        (anyAddresses.includes(listener.address) ||
          anyAddresses.includes(address) ||
          listener.address === address)
      )
        return listener;
    return undefined;
  };
  const givePort = () => {
    do lastGiven = lastGiven >= lastPort ? firstPort : lastGiven + 1;
    while (find("::", lastGiven));
    return lastGiven;
  };

  return {
    portFor: (port) => (port === 0 ? givePort() : port),
    isTaken: ({ address, port }) => find(address, port) !== undefined,
    listen: ({ address, port }, accept) => {
      if (!isLoopback(address)) return "EADDRNOTAVAIL";
      if (find(address, port)) return "EADDRINUSE";
      if (listeners.size >= maxListeners) return "EMFILE";
      const call = runtime.call();
      const isShared = !call.isInvocation;
      const listener = { address, port, call, isShared, accept };
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    connect: ({ address, port }, told) => {
      const call = runtime.call();
      if (!isLoopback(address) || !call.isInvocation || call.answered)
        return undefined;
      const listener = find(address, port);
      if (!listener) return undefined;
      if (counts.connections >= maxConnections)
        throw new RangeError(
          `more than ${maxConnections} connections within an isolate at once`,
        );
      const later = ofCalls.get(call) ?? turns(runtime);
      ofCalls.set(call, later);
      return connected(runtime, {
        later,
        counts,
        told,
        address,
        port,
        listener,
      });
    },
  };
}

/** An address of this machine, or any. */
function isLoopback(address: string): boolean {
  return (
    address.startsWith("127.") ||
    address === "::1" ||
    address === "::ffff:127.0.0.1" ||
    anyAddresses.includes(address)
  );
}

interface Opened {
  later: Later;
  counts: { connections: number };
  told: SocketListener;
  address: string;
  port: number;
  listener: Listener;
}

function connected(
  runtime: RealmParts["runtime"],
  { later, counts, told, address, port, listener }: Opened,
): NearSocket {
  let stay = nothing;
  const closed = () => {
    if (!near.isOver || !far.isOver) return;
    counts.connections--;
    stay();
  };
  const near = new Side(later, closed);
  const far = new Side(later, closed);
  near.join(far);
  far.join(near);
  near.attach(told);
  const own = anyAddresses.includes(address) ? "127.0.0.1" : address;
  const family = own.includes(":") ? 6 : 4;
  const back = firstPort + ((port + counts.connections) % 10_000);
  later(() => {
    if (near.isOver) far.destroy();
    else
      listener.accept(far, {
        localAddress: own,
        localPort: port,
        remoteAddress: own,
        remotePort: back,
        family,
      });
  });
  near.tell(() =>
    told.connected({
      localAddress: own,
      localPort: back,
      remoteAddress: own,
      remotePort: port,
      family,
    }),
  );
  counts.connections++;
  stay = runtime.onEnd(() => {
    near.destroy();
    far.destroy();
  });
  return near;
}

/** Runs work in order, each in a turn of the event loop of its own: what it put off comes before the next. */
function turns(runtime: RealmParts["runtime"]): Later {
  const { setImmediate } = Object(runtime.timers) as {
    setImmediate: (work: () => void) => unknown;
  }; // timers.ts
  const waiting: (() => void)[] = [];
  const run = () => {
    const work = waiting.shift();
    if (waiting.length > 0) setImmediate(run);
    work?.();
  };
  return (work) => {
    if (waiting.length === 0) setImmediate(run);
    waiting.push(work);
  };
}

function nothing(): void {}
