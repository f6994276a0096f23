/** A cipher at work on the host, from its beginning to its end. */
import { cut, lengthOf, part, setBytes } from "../bytes/views.ts";
import type { Tools } from "./tools.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

/** Of the host's: what it takes in one call, by what the algorithm is like. */
const sizes = new Map<unknown, number>([
  ["piece", 1024 * 1024],
  ["bitwise", 64 * 1024],
  ["whole", Infinity],
]);

/** One operation that is under way on the host, until its end. */
export class Session {
  readonly #tools: Tools;
  readonly #id: number;
  readonly #size: number;

  constructor(
    tools: Tools,
    encrypts: boolean,
    name: string,
    key: Bytes,
    iv: Bytes | null,
    options: { [name: string]: string | number | undefined },
  ) {
    this.#tools = tools;
    this.#id = tools.nextId();
    const kind = tools.host(
      "crypto.cipher.open",
      this.#id,
      encrypts,
      name,
      key,
      iv,
      options,
    );
    this.#size = sizes.get(kind) ?? Infinity;
  }

  update(bytes: Bytes): Bytes {
    const length = lengthOf(bytes);
    if (length <= this.#size) return this.#piece(bytes);
    const made: Bytes[] = [];
    for (let at = 0; at < length; at += this.#size)
      made.push(this.#piece(cut(bytes, at, Math.min(at + this.#size, length))));
    return joined(made);
  }

  #piece(bytes: Bytes): Bytes {
    return answered(this.#tools.host("crypto.cipher.update", this.#id, bytes));
  }

  end(): [last: Bytes, tag: Bytes | undefined] {
    const made = this.#tools.host("crypto.cipher.end", this.#id);
    const [last, tag] = Array.isArray(made) ? made : [];
    return [answered(last), tag === undefined ? undefined : answered(tag)];
  }

  ask(
    question: "tag" | "extra" | "padding",
    ...parameters: (Bytes | boolean | number | undefined)[]
  ) {
    this.#tools.host(`crypto.cipher.${question}`, this.#id, ...parameters);
  }
}

function answered(value: unknown): Bytes {
  if (value instanceof Uint8Array) return part(value, 0, lengthOf(value));
  throw new TypeError("no bytes came back");
}

export function joined(all: readonly Bytes[]): Bytes {
  let length = 0;
  for (const bytes of all) length += lengthOf(bytes);
  const whole = new Uint8Array(length);
  let at = 0;
  for (const bytes of all) {
    setBytes(whole, bytes, at);
    at += lengthOf(bytes);
  }
  return whole;
}
