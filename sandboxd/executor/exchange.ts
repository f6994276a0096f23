/**
 * A request outward as the executor keeps it: what has come of its answer and nobody has read waits here, outside the
 * isolate. The other side may send one window more than was read, so that a body nobody reads costs a window at most.
 */
import type { EgressHead, EgressProblem } from "../protocol.ts";

/** How the isolate wants a body: text, decoded out here where it is cheap, or one char a byte. */
export type BodyForm = "utf8" | "latin1";

export interface ExchangeParts {
  /** Enters the isolate with news of it. */
  tell: (news: ExchangeNews, text: string) => void;
  /** Lets so many more bytes come. */
  pull: (bytes: number) => void;
  /** All of the answer has come, or there will be none. */
  completed: () => void;
}

/**
 * head: JSON, see `headText`; piece: some of the body; last: the rest of it; complete: nothing more will come, though not
 * all is read; failure: JSON of kind and message.
 */
export type ExchangeNews = "head" | "piece" | "last" | "complete" | "failure";

const windowBytes = 256 * 1024;
/** Read bytes are given back in no smaller sums, but for those of the end, which nobody waits for. */
const pullBytes = 64 * 1024;

export class Exchange {
  readonly #parts: ExchangeParts;
  readonly #kept = new KeptBytes();
  #decoder: TextDecoder | undefined;
  /** The form of the read that waits. */
  #wanted: BodyForm | undefined;
  #delivery: NodeJS.Immediate | undefined;
  #readBytes = 0;
  #isComplete = false;
  #isClosed = false;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  /** Lets the first window come. */
  begin(): void {
    this.#parts.pull(windowBytes);
  }

  /** Whether the other side has nothing more to say. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  head(head: EgressHead): void {
    if (!this.#isComplete) this.#parts.tell("head", headText(head));
  }

  chunk(bytes: Buffer): void {
    if (this.#isComplete) return;
    this.#kept.push(bytes);
    this.#deliverSoon();
  }

  end(): void {
    if (!this.#complete()) return;
    if (this.#wanted) this.#deliverSoon();
    else this.#parts.tell("complete", "");
  }

  failed({ kind, message }: EgressProblem): void {
    if (!this.#complete()) return;
    this.#kept.take();
    this.#parts.tell("failure", JSON.stringify([kind, message]));
  }

  /** As `failed`, once what runs now has left the isolate. */
  failSoon(problem: EgressProblem): void {
    this.#delivery = setImmediate(() => this.failed(problem));
  }

  /** The isolate wants the next piece of the body. */
  read(form: BodyForm): void {
    this.#wanted = form;
    if (this.#isComplete || this.#kept.length > 0) this.#deliverSoon();
  }

  /** Nothing of it is told any more. */
  close(): void {
    this.#complete();
    this.#isClosed = true;
    clearImmediate(this.#delivery);
    this.#kept.take();
  }

  #complete(): boolean {
    if (this.#isComplete) return false;
    this.#isComplete = true;
    this.#parts.completed();
    return true;
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
    if (!form || this.#isClosed) return;
    this.#wanted = undefined;
    const isLast = this.#isComplete;
    const bytes = this.#kept.take();
    const text = this.#decode(bytes, form, isLast);
    this.#readBytes += bytes.length;
    this.#parts.tell(isLast ? "last" : "piece", text);
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

function headText(head: EgressHead): string {
  const { status, statusText, url, isRedirected, headers } = head;
  return JSON.stringify([
    status,
    statusText,
    url,
    isRedirected,
    ...headers.flat(),
  ]);
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
