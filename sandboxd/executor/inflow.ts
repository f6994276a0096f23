/**
 * Bytes from outside that are for the isolate: what has come and nobody has read waits here. The other side may send one
 * window more than was read, so that bytes nobody reads cost a window at most.
 */

/** How the isolate wants bytes: text, decoded out here where it is cheap, or one char a byte. */
export type BodyForm = "utf8" | "latin1";

export interface InflowParts {
  /** Gives the isolate what it waits for; the last piece is the end. */
  deliver: (text: string, isLast: boolean) => void;
  /** Lets so many more bytes come. */
  pull: (bytes: number) => void;
}

const windowBytes = 256 * 1024;
/** Read bytes are given back in no smaller sums, but for those of the end, which nobody waits for. */
const pullBytes = 64 * 1024;

export class Inflow {
  readonly #parts: InflowParts;
  readonly #kept = new KeptBytes();
  #decoder: TextDecoder | undefined;
  /** The form of the read that waits. */
  #wanted: BodyForm | undefined;
  #delivery: NodeJS.Immediate | undefined;
  #readBytes = 0;
  #isComplete = false;
  #isDelivered = false;

  constructor(parts: InflowParts) {
    this.#parts = parts;
  }

  /** Lets the first window come. */
  begin(): void {
    this.#parts.pull(windowBytes);
  }

  /** Whether something waits to be read. */
  get hasBytes(): boolean {
    return this.#kept.length > 0;
  }

  /** Whether the end was read. */
  get isDelivered(): boolean {
    return this.#isDelivered;
  }

  push(bytes: Buffer): void {
    this.#kept.push(bytes);
    this.#deliverSoon();
  }

  /** Nothing more comes. False: nobody waits to hear it. */
  end(): boolean {
    this.#isComplete = true;
    this.#deliverSoon();
    return this.#wanted !== undefined;
  }

  /** The isolate wants the next piece. */
  read(form: BodyForm): void {
    if (this.#isDelivered) return;
    this.#wanted = form;
    if (this.#isComplete || this.hasBytes) this.#deliverSoon();
  }

  /** Drops what waits, and whoever waits for it. */
  close(): void {
    clearImmediate(this.#delivery);
    this.#wanted = undefined;
    this.#kept.take();
  }

  /** Not at once: the isolate may just be asking, and what comes in one go is told in one go. */
  #deliverSoon(): void {
    if (!this.#wanted) return;
    this.#delivery ??= setImmediate(() => {
      this.#delivery = undefined;
      this.#deliver();
    });
  }

  #deliver(): void {
    const form = this.#wanted;
    if (!form) return;
    this.#wanted = undefined;
    const isLast = this.#isComplete;
    const bytes = this.#kept.take();
    const text = this.#decode(bytes, form, isLast);
    this.#readBytes += bytes.length;
    this.#isDelivered = isLast;
    this.#parts.deliver(text, isLast);
    if (this.#isComplete || this.#readBytes < pullBytes) return;
    this.#parts.pull(this.#readBytes);
    this.#readBytes = 0;
  }

  #decode(bytes: Buffer, form: BodyForm, isLast: boolean): string {
    if (form === "latin1") return bytes.toString("latin1");
    this.#decoder ??= new TextDecoder();
    return this.#decoder.decode(bytes, { stream: !isLast });
  }
}

/** Bytes in one piece, however small the chunks they came in: a buffer for each would cost more than it holds. */
class KeptBytes {
  #buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#length));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    bytes.copy(this.#buffer, this.#length);
    this.#length = length;
  }

  /** All of them; nothing is kept. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#length);
    this.#buffer = Buffer.alloc(0);
    this.#length = 0;
    return taken;
  }
}
