/**
 * Encodes a message that carries a large payload without copying the payload: what is written around it is kept in small
 * pieces, and all is put together where it is wanted. The ordinary writer copies and moves a payload once for every message
 * it lies in; at 6 MiB that is milliseconds of the loop, and garbage that makes V8 collect all of the heap.
 */
import { BinaryWriter } from "@bufbuild/protobuf/wire";

/** Shorter ones are copied. */
const keptBytes = 64 * 1024;

export class GatherWriter extends BinaryWriter {
  readonly #outer: GatherWriter | undefined;
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(outer?: GatherWriter) {
    super();
    this.#outer = outer;
  }

  override fork(): this {
    return new GatherWriter(this) as this; // nobody derives from this class
  }

  override join(): this {
    const outer = this.#outer;
    if (!outer) throw new Error("there was no fork to join");
    const { pieces, byteLength } = this.gathered();
    outer.uint32(byteLength);
    outer.#keepWritten();
    for (const piece of pieces) outer.#keep(piece);
    return outer as this; // as in fork
  }

  override bytes(value: Uint8Array): this {
    if (value.length < keptBytes) return super.bytes(value);
    this.uint32(value.length);
    this.#keepWritten();
    this.#keep(value);
    return this;
  }

  /** What was written; the payloads in it are the ones that were given. */
  gathered(): { pieces: readonly Uint8Array[]; byteLength: number } {
    this.#keepWritten();
    return { pieces: this.#pieces, byteLength: this.#bytes };
  }

  #keepWritten(): void {
    const written = super.finish();
    if (written.length > 0) this.#keep(written);
  }

  #keep(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
  }
}
