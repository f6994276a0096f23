/** Bytes as they are written, in room that grows. */

const firstBytes = 64;

export class BytesOut {
  #bytes = new Uint8Array(firstBytes);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    this.#room(1)[this.#length++] = value;
  }

  /** Seven bits a byte, the lowest first. */
  varint(value: number | bigint): void {
    let large = BigInt(typeof value === "bigint" ? value : 0);
    for (; large > 0xffffffffn; large >>= 7n)
      this.byte(Number(large & 0x7fn) | 0x80);
    let rest = typeof value === "bigint" ? Number(large) : value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80))
      this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  double(value: number): void {
    this.raw(new Uint8Array(new Float64Array([value]).buffer));
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length).set(bytes, this.#length);
    this.#length += bytes.length;
  }

  chars(text: string, bytesEach: 1 | 2): void {
    const room = this.#room(text.length * bytesEach);
    let at = this.#length;
    for (let index = 0; index < text.length; index++) {
      const char = text.charCodeAt(index);
      room[at++] = char;
      if (bytesEach === 2) room[at++] = char >> 8;
    }
    this.#length = at;
  }

  /** All of them; it begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#length);
    this.#bytes = new Uint8Array(firstBytes);
    this.#length = 0;
    return taken;
  }

  #room(more: number): Uint8Array {
    const needed = this.#length + more;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return this.#bytes;
  }
}
