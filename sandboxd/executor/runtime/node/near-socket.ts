/** Both sides of a connection that leads nowhere outside: what one writes the other reads, with back-pressure. */
import type { Socket, SocketListener } from "../sockets.ts";

/** What one side may have written that the other has not read, before its writes wait. */
const roomBytes = 256 * 1024;
/** At a time. */
const maxReadBytes = 64 * 1024;

/** Runs work in a turn of its own, in order. */
export type Later = (work: () => void) => void;

/** A connection in memory, seen from one side. */
export interface NearSocket extends Socket {
  /** Who is told of it from now on. */
  attach: (listener: SocketListener) => void;
  /** Ends it so that the other side is told of an error. */
  reset: () => void;
}

export class Side implements NearSocket {
  isOver = false;
  readonly #later: Later;
  readonly #closed: () => void;
  #other: Side | undefined;
  #listener: SocketListener | undefined;
  /** Written by the other side and not read: one char a byte. */
  #pieces: string[] = [];
  #hasEnded = false;
  #isAsked = false;
  /** Of what the other side wrote. */
  #readBytes = 0;
  #writtenBytes = 0;
  #waiting: { endAt: number; taken: () => void }[] = [];

  constructor(later: Later, closed: () => void) {
    this.#later = later;
    this.#closed = closed;
  }

  join(other: Side): void {
    this.#other = other;
  }

  attach(listener: SocketListener): void {
    this.#listener = listener;
  }

  tell(work: () => void): void {
    this.#later(() => {
      if (!this.isOver) work();
    });
  }

  write(text: string, _form: "utf8" | "latin1", taken: () => void): void {
    const other = this.#other;
    if (this.isOver || !other) return;
    if (other.isOver) {
      this.tell(taken);
      this.#fail("ECONNRESET");
      return;
    }
    other.#take(text, () => this.tell(taken));
  }

  end(taken: () => void): void {
    this.tell(taken);
    const other = this.#other;
    // Whoever ends is told that it is on its way before the other side is told of it.
    if (other) this.#later(() => other.#end());
  }

  upgrade(): void {
    this.#fail("ERR_ANNEX_UNAVAILABLE");
  }

  read(): void {
    this.#isAsked = true;
    this.#later(() => this.#give());
  }

  destroy(): void {
    const other = this.#other;
    if (this.isOver || !other) return;
    const isUnread = this.#pieces.length > 0;
    this.#leave();
    if (isUnread) other.#fail("ECONNRESET");
    else other.#end();
    // Nobody reads what waits.
    for (const { taken } of this.#waiting) taken();
  }

  reset(): void {
    const other = this.#other;
    if (this.isOver) return;
    this.#leave();
    if (other) other.#fail("ECONNRESET");
  }

  #leave(): void {
    this.isOver = true;
    this.#pieces = [];
    this.#closed();
  }

  #fail(code: string): void {
    this.tell(() => {
      this.#leave();
      const error = Object.assign(new Error(words[code] ?? code), { code });
      this.#listener?.failed(error);
    });
  }

  #take(text: string, taken: () => void): void {
    this.#writtenBytes += text.length;
    if (text !== "") this.#pieces.push(text);
    this.#waiting.push({ endAt: this.#writtenBytes, taken });
    this.#settle();
    if (this.#isAsked) this.#later(() => this.#give());
  }

  #end(): void {
    this.#hasEnded = true;
    if (this.#isAsked) this.#later(() => this.#give());
  }

  #settle(): void {
    for (;;) {
      const [first] = this.#waiting;
      if (!first || first.endAt > this.#readBytes + roomBytes) return;
      this.#waiting.shift();
      first.taken();
    }
  }

  /** What is there, together: so a reader would find it in its system's buffer. */
  #give(): void {
    if (!this.#isAsked || this.isOver) return;
    let text = "";
    while (text.length < maxReadBytes) {
      const piece = this.#pieces.shift();
      if (piece === undefined) break;
      const room = maxReadBytes - text.length;
      text += piece.slice(0, room);
      if (piece.length > room) this.#pieces.unshift(piece.slice(room));
    }
    if (text !== "") {
      this.#isAsked = false;
      this.#readBytes += text.length;
      this.#settle();
      this.#listener?.data(text);
      return;
    }
    if (!this.#hasEnded) return;
    this.#isAsked = false;
    this.#listener?.ended();
  }
}

const words: Record<string, string> = {
  ECONNRESET: "read ECONNRESET",
  ERR_ANNEX_UNAVAILABLE:
    "TLS within an isolate cannot be offered here: the platform begins TLS on connections outward alone",
};
