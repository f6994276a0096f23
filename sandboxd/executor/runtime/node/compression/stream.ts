/** One compressed stream, whose state the executor's own Node keeps under a number. It ends with the call that made it. */
import type { HostValue, RealmParts } from "../realm.ts";

/** As host/zlib.ts bounds a step. */
const maxStepBytes = 256 * 1024;
/** More than the room for output is seldom used up. */
const minPieceBytes = 16 * 1024;

export type Failure = [message: string, errno: number, code: string];

const takenAway: Failure = [
  "the bytes were transferred while they were compressed",
  -5,
  "Z_BUF_ERROR",
];

/** One write, as Node's library asks for it. */
interface Work {
  flush: number;
  input: ArrayBufferView | null;
  inputStart: number;
  inputLength: number;
  output: Uint8Array;
  outputStart: number;
  outputLength: number;
}

export interface StreamOptions {
  left: Uint32Array;
  done: (this: unknown) => void;
  settings: Record<string, HostValue>;
}

export function compressionClass({
  host,
  runtime,
}: Pick<RealmParts, "host" | "runtime">) {
  return class CompressionStream {
    onerror: ((...failure: Failure) => void) | undefined;
    readonly #mode: number;
    #id: number | undefined;
    #left: Uint32Array = new Uint32Array(2);
    #done: (this: unknown) => void = () => undefined;
    #stay: () => void = () => undefined;
    #minPieceBytes = minPieceBytes;

    constructor(mode: number) {
      this.#mode = mode;
      // Before Node's library does it: not to be seen when it is printed.
      Object.defineProperty(this, "onerror", { enumerable: false });
    }

    open({ left, done, settings }: StreamOptions): void {
      const id = Number(host("zlib.open", this.#mode, settings));
      this.#id = id;
      this.#left = left;
      this.#done = done;
      this.#stay = runtime.onEnd(() => this.close());
    }

    writeSync(...work: WorkParameters): void {
      const failure = this.#work(workOf(work));
      if (failure) this.onerror?.(...failure);
    }

    write(...work: WorkParameters): void {
      const asked = workOf(work);
      runtime.soon(() => {
        // Closed meanwhile: nothing more comes out, and who waits is told so.
        const failure =
          this.#id === undefined ? undefined : this.#workLater(asked);
        if (failure) this.onerror?.(...failure);
        else this.#done();
      });
    }

    /** What is only stored comes out in blocks as long as what went in at once. */
    level(level: number): void {
      this.#minPieceBytes = level === 0 ? maxStepBytes : minPieceBytes;
    }

    change(level: number, strategy: number): void {
      this.#told(host("zlib.params", this.#id, level, strategy));
    }

    reset(): void {
      this.#told(host("zlib.reset", this.#id));
    }

    close(): void {
      const id = this.#id;
      this.#id = undefined;
      if (id === undefined) return;
      this.#stay();
      host("zlib.close", id);
    }

    getAsyncId(): number {
      return 0;
    }

    #told(failure: unknown): void {
      if (isFailure(failure)) this.onerror?.(...failure);
    }

    /** Of what was taken away since it was asked for, nothing can be read. */
    #workLater(work: Work): Failure | undefined {
      const isTaken = [work.input, work.output].some(
        (view) => view?.buffer instanceof ArrayBuffer && view.buffer.detached,
      );
      return isTaken ? takenAway : this.#work(work);
    }

    /** Takes bounded steps until the input is used up, the room full, or the stream at its end. */
    #work(work: Work): Failure | undefined {
      const { flush, input, output } = work;
      let { inputStart, inputLength, outputStart, outputLength } = work;
      for (;;) {
        const room = Math.min(outputLength, maxStepBytes);
        const piece = Math.min(
          inputLength,
          Math.max(room, this.#minPieceBytes),
        );
        const isLast = piece === inputLength;
        const told = host(
          "zlib.write",
          this.#id,
          isLast ? flush : 0,
          pieceOf(input, inputStart, piece),
          room,
        );
        if (!Array.isArray(told)) break;
        const [failure, came, roomLeft, inputLeft]: unknown[] = told;
        if (isFailure(failure)) return failure;
        if (!(came instanceof Uint8Array)) break;
        output.set(came, outputStart);
        const used = piece - Number(inputLeft);
        inputStart += used;
        inputLength -= used;
        outputStart += came.length;
        outputLength -= came.length;
        const isStepFull = roomLeft === 0 && outputLength > 0;
        if (isStepFull && (came.length > 0 || used > 0)) continue;
        if (isLast || Number(inputLeft) > 0 || outputLength === 0) break;
      }
      this.#left[0] = outputLength;
      this.#left[1] = inputLength;
      return undefined;
    }
  };
}

type WorkParameters = [
  flush: number,
  input: ArrayBufferView | null,
  inputStart: number,
  inputLength: number,
  output: Uint8Array,
  outputStart: number,
  outputLength: number,
];

function workOf([
  flush,
  input,
  inputStart,
  inputLength,
  output,
  outputStart,
  outputLength,
]: WorkParameters): Work {
  return {
    flush,
    input,
    inputStart,
    inputLength,
    output,
    outputStart,
    outputLength,
  };
}

/** A copy of its own: what leaves the isolate is copied with all that lies around it. */
export function pieceOf(
  view: ArrayBufferView | null,
  start: number,
  length: number,
): Uint8Array | undefined {
  if (!view || length === 0) return undefined;
  const { buffer, byteOffset } = view;
  return new Uint8Array(buffer, byteOffset + start, length).slice();
}

function isFailure(value: unknown): value is Failure {
  return Array.isArray(value) && typeof value[0] === "string";
}
