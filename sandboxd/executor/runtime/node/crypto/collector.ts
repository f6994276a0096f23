/**
 * Data on its way into a digest. Little of it is kept here until the end, when one call of the host does all; past that
 * it goes out piece by piece, to a stream that the host keeps.
 */
import { cut, lengthOf, part, setBytes } from "../bytes/views.ts";
import type { Tools } from "./tools.ts";

/** Kept here; a call of the host costs more than to copy this much. */
const maxKeptBytes = 128 * 1024;
/** Of the host's: what it takes in one call. */
export const pieceBytes = 1024 * 1024;
const firstRoomBytes = 1024;

export type Collected = string | Uint8Array<ArrayBuffer>;

export interface CollectorOptions {
  /** Begins a stream on the host. */
  open: (id: number) => void;
  /** The operation that hands a stream more. */
  updateOperation: string;
}

export class Collector {
  readonly #tools: Tools;
  readonly #options: CollectorOptions;
  #text: string | undefined;
  #room: Uint8Array<ArrayBuffer> | undefined;
  #length = 0;
  #stream: number | undefined;

  constructor(tools: Tools, options: CollectorOptions) {
    this.#tools = tools;
    this.#options = options;
  }

  add(data: unknown, encoding: unknown): void {
    const isText = typeof data === "string" && this.#isPlain(encoding);
    if (isText && this.#isEmpty() && data.length < maxKeptBytes) {
      this.#text = data;
      return;
    }
    if (this.#text !== undefined) {
      const before = this.#text;
      this.#text = undefined;
      this.#append(this.#tools.copy(before));
    }
    this.#append(this.#tools.copy(data, encoding));
  }

  /** By `once` where all of it is here, else by `end` of the stream. */
  finish<Result>(
    once: (data: Collected) => Result,
    end: (id: number) => Result,
  ): Result {
    if (this.#stream === undefined) {
      const data = this.#text ?? this.#kept();
      this.#forget();
      return once(data);
    }
    this.#flush();
    const id = this.#stream;
    this.#stream = undefined;
    return end(id);
  }

  /** What a copy begins with; `copy` copies the stream on the host. */
  copyInto(other: Collector, copy: (from: number, to: number) => void): void {
    other.#text = this.#text;
    other.#room = this.#room && cut(this.#room, 0, this.#length);
    other.#length = this.#length;
    if (this.#stream === undefined) return;
    other.#stream = this.#tools.nextId();
    copy(this.#stream, other.#stream);
  }

  #isPlain(encoding: unknown): boolean {
    return (
      encoding === undefined ||
      (this.#tools.normalEncoding(encoding) ?? "utf8") === "utf8"
    );
  }

  #isEmpty(): boolean {
    return (
      this.#text === undefined &&
      this.#length === 0 &&
      this.#stream === undefined
    );
  }

  #append(bytes: Uint8Array<ArrayBuffer>): void {
    const added = lengthOf(bytes);
    const length = this.#length + added;
    if (length > maxKeptBytes) {
      this.#flush();
      this.#send(bytes);
      return;
    }
    if (this.#length === 0) {
      this.#room = bytes;
      this.#length = added;
      return;
    }
    this.#makeRoom(length);
    if (this.#room) setBytes(this.#room, bytes, this.#length);
    this.#length = length;
  }

  #makeRoom(length: number): void {
    if (this.#room && lengthOf(this.#room) >= length) return;
    const grown = new Uint8Array(Math.max(firstRoomBytes, 2 * length));
    if (this.#room) setBytes(grown, part(this.#room, 0, this.#length), 0);
    this.#room = grown;
  }

  #kept(): Uint8Array<ArrayBuffer> {
    if (!this.#room) return new Uint8Array(0);
    return lengthOf(this.#room) === this.#length
      ? this.#room
      : cut(this.#room, 0, this.#length);
  }

  #forget(): void {
    this.#text = undefined;
    this.#room = undefined;
    this.#length = 0;
  }

  #flush(): void {
    const kept = this.#kept();
    this.#forget();
    if (lengthOf(kept) > 0) this.#send(kept);
  }

  #send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#stream === undefined) {
      const id = this.#tools.nextId();
      this.#options.open(id);
      this.#stream = id;
    }
    const { host } = this.#tools;
    const length = lengthOf(bytes);
    for (let at = 0; at < length; at += pieceBytes)
      host(
        this.#options.updateOperation,
        this.#stream,
        length <= pieceBytes
          ? bytes
          : cut(bytes, at, Math.min(at + pieceBytes, length)),
      );
  }
}
