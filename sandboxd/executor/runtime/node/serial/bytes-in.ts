/** Bytes as they are read; nothing is read beyond their end. */

export class BytesIn {
  readonly bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.bytes.length - this.#at;
  }

  peek(): number | undefined {
    return this.bytes[this.#at];
  }

  byte(): number | undefined {
    return this.bytes[this.#at++];
  }

  /** undefined where there is no end to it. */
  varint(): number | undefined {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      if (byte === undefined) return undefined;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  /** Of 64 bits. */
  longVarint(): bigint | undefined {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      if (byte === undefined) return undefined;
      if (shift < 64n) value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
  }

  double(): number | undefined {
    const raw = this.raw(8);
    return raw && new Float64Array(raw.slice().buffer)[0];
  }

  /** A view on them. */
  raw(length: number): Uint8Array | undefined {
    if (length > this.left) return undefined;
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }
}
