/**
 * One connection of an invocation, for whatever protocol it speaks: bytes both ways under the container's rules, caps and
 * rate, read no faster than they are pulled; with TLS from the start, from later on, or never.
 */
import { isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type {
  EgressNoteName,
  EgressProblem,
  SocketPlace,
} from "../protocol.ts";
import { orAborted } from "./abortable.ts";
import { hostOf } from "./connect.ts";
import type { Container } from "./container.ts";
import { maxChunkBytes, type ConnectRequest } from "./messages.ts";
import { codedProblemOf, denied, limited, refused } from "./problem.ts";
import { isHost } from "./rules.ts";
import { tlsStateText } from "./tls-state.ts";
import { tlsOptionsOf } from "./tls-wishes.ts";
import type { Usage } from "./usage.ts";
import { Window } from "./window.ts";

/** Takes what comes of a connection or a look-up. */
export interface SocketAnswer {
  note(note: EgressNoteName, body?: Uint8Array): void;
  chunk(bytes: Buffer): void;
  end(): void;
  failed(problem: EgressProblem): void;
}

export class RawSocket {
  readonly #container: Container;
  readonly #usage: Usage;
  readonly #answer: SocketAnswer;
  readonly #window = new Window();
  /** Raised when all of it is over. */
  readonly #controller = new AbortController();
  #place = "the connection";
  #stream: Socket | undefined;
  /** What was asked of it is done one after the other. */
  #work: Promise<void> = Promise.resolve();
  #reading: Reading | undefined;
  /** Counts it as open no more. */
  #close: () => void = () => undefined;

  constructor(container: Container, usage: Usage, answer: SocketAnswer) {
    this.#container = container;
    this.#usage = usage;
    this.#answer = answer;
  }

  pull(bytes: number): void {
    this.#window.open(bytes);
  }

  /** Ends it without a word. */
  abort(): void {
    this.#controller.abort(aborted);
    this.#stream?.destroy();
    this.#close(); // at once: another may be opened in its place before this one has wound up
  }

  write(bytes: Buffer): void {
    this.#then(async (stream) => {
      await this.#count(bytes.length);
      await written(stream, bytes);
      this.#answer.note("taken");
    });
  }

  finish(): void {
    this.#then(async (stream) => void stream.end());
  }

  upgrade(wishes: Buffer): void {
    this.#then((stream) => this.#secure(stream, wishes));
  }

  /** Resolves when it is over, and was said to be. */
  async run(request: ConnectRequest, wishes: Buffer): Promise<void> {
    const { signal } = this.#controller;
    // Never its socket beneath TLS, which Node does not survive.
    const stay = this.#container.onEnd(() => this.#fail(closedEarly()));
    try {
      this.#close = this.#usage.open(this.#container.caps);
      this.#work = this.#timed(request.wallMs, () =>
        this.#open(request, wishes),
      );
      this.#work.catch((error: unknown) => this.#fail(error));
      await orAborted(Promise.race([]), signal); // until something ends it
    } catch (error) {
      this.#controller.abort(error);
      this.#stream?.destroy();
      if (error === ended) this.#answer.end();
      else if (error !== aborted)
        this.#answer.failed(codedProblemOf(error, this.#place));
    } finally {
      stay();
      this.#close();
    }
  }

  async #open(request: ConnectRequest, wishes: Buffer): Promise<void> {
    const { guard, caps } = this.#container;
    const { signal } = this.#controller;
    const host = hostOf(request.host);
    const { port, address } = request;
    if (!isHost(host)) throw denied("that is no name of a host");
    this.#place = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
    const refusal = guard.refuseTarget({ host, port, isRaw: true });
    if (refusal) throw refused(refusal, this.#place, true);
    this.#usage.request(caps);
    const raw = await this.#container.connect({ host, port, address }, signal);
    const stream = raw.socket;
    if (signal.aborted) {
      stream.destroy();
      return;
    }
    // The guest says when its side ends.
    stream.allowHalfOpen = true;
    stream.setNoDelay(true);
    const place: SocketPlace = {
      remoteAddress: raw.address,
      remotePort: port,
      localPort: stream.localPort ?? 0,
      family: isIP(raw.address),
    };
    this.#use(stream);
    this.#answer.note("connected", Buffer.from(JSON.stringify(place)));
    if (wishes.length > 0) await this.#secure(stream, wishes);
    else this.#read(stream);
  }

  /** Bounds a step that waits for the other side. */
  async #timed<T>(wallMs: number, step: () => Promise<T>): Promise<T> {
    const limitMs = Math.min(this.#container.policy.requestMs, wallMs);
    const timer = setTimeout(() => {
      const value = Math.round(limitMs);
      this.#fail(
        limited(
          { name: "egress_ms", value, observed: value },
          `${this.#place} took longer than ${value} ms to connect`,
        ),
      );
    }, limitMs);
    try {
      return await step();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Takes its errors and its end from now on. */
  #use(stream: Socket): void {
    this.#stream = stream;
    stream.on("error", (error) => {
      if (this.#stream === stream) this.#fail(error);
    });
    stream.on("close", () => {
      if (this.#stream === stream) void this.#closed(stream);
    });
  }

  /** What was read before it closed is told first. */
  async #closed(stream: Socket): Promise<void> {
    await this.#reading?.done;
    if (this.#stream === stream) this.#fail(ended);
  }

  #fail(error: unknown): void {
    this.#controller.abort(error);
  }

  #then(step: (stream: Socket) => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#stream && !this.#controller.signal.aborted)
        await step(this.#stream);
    });
    this.#work.catch((error: unknown) => this.#fail(error));
  }

  /** TLS from here on. What has come before it and was not read belongs to it, so that nobody can put words in front of it. */
  async #secure(plain: Socket, wishes: Buffer): Promise<void> {
    await this.#count(wishes.length);
    await this.#stopReading();
    const secured = connectTls({
      ...tlsOptionsOf(wishes, this.#container.roots),
      socket: plain,
    });
    plain.on("error", () => undefined); // `secured` tells
    this.#use(secured);
    await this.#timed(Infinity, () => this.#secured(secured));
    this.#answer.note("secured", tlsStateText(secured));
    this.#read(secured);
  }

  #secured(secured: TLSSocket): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    secured.once("secureConnect", resolve);
    secured.once("error", reject);
    secured.once("close", () => reject(closedEarly()));
    return orAborted(promise, this.#controller.signal);
  }

  #read(stream: Socket): void {
    const stopped = new AbortController();
    const { signal } = this.#controller;
    const done = this.#deliver(
      stream,
      AbortSignal.any([stopped.signal, signal]),
    ).catch((error: unknown) => {
      if (!stopped.signal.aborted) this.#fail(error);
    });
    this.#reading = { stop: () => stopped.abort(aborted), done };
  }

  async #stopReading(): Promise<void> {
    this.#reading?.stop();
    await this.#reading?.done;
  }

  async #deliver(stream: Socket, signal: AbortSignal): Promise<void> {
    while (await isReadable(stream, signal)) {
      const wanted = Math.min(stream.readableLength, maxChunkBytes);
      const taken = await this.#window.take(wanted, signal);
      // Nothing between here and there waits: it has what was promised, or is closed.
      const bytes: unknown = stream.read(taken);
      if (!(bytes instanceof Buffer)) {
        this.#window.open(taken);
        continue;
      }
      await this.#count(bytes.length);
      this.#answer.chunk(bytes);
    }
    this.#answer.note("finished");
  }

  async #count(bytes: number): Promise<void> {
    const { rate, caps } = this.#container;
    this.#usage.bytes(bytes, caps);
    await rate.take(bytes, this.#controller.signal);
  }
}

interface Reading {
  stop: () => void;
  done: Promise<void>;
}

const aborted = new Error("aborted");
const ended = new Error("ended");

/** Resolves when the other side has taken it over from here. */
function written(stream: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** Waits until something can be read; false: the other side has ended, and all was read. */
async function isReadable(
  stream: Socket,
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  while (stream.readableLength === 0) {
    if (stream.readableEnded) return false;
    if (stream.destroyed) throw closedEarly();
    const { promise, resolve } = Promise.withResolvers<void>();
    const settle = () => resolve();
    for (const event of wakers) stream.on(event, settle);
    try {
      stream.read(0);
      await orAborted(promise, signal);
    } finally {
      for (const event of wakers) stream.off(event, settle);
    }
  }
  return true;
}

function closedEarly(): Error {
  return Object.assign(new Error("closed"), { code: "ECONNRESET" });
}

const wakers = ["readable", "end", "close", "error"] as const;
