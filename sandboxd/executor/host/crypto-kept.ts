/** Things kept for a guest under numbers of its own choosing; the least recently used goes when there are too many. */
import { cryptoBounds, limitCode, type BoundName } from "./crypto-bounds.ts";
import { HostRefusal } from "./operations.ts";

export class Kept<Value> {
  readonly #values = new Map<number, Value>();
  readonly #bound: BoundName;

  constructor(bound: BoundName) {
    this.#bound = bound;
  }

  get(id: number): Value | undefined {
    const value = this.#values.get(id);
    if (value === undefined) return undefined;
    this.#values.delete(id);
    this.#values.set(id, value);
    return value;
  }

  /** What must still be there: it cannot be made again. */
  need(id: number): Value {
    const value = this.get(id);
    if (value !== undefined) return value;
    throw new HostRefusal(
      limitCode,
      `closed, for ${cryptoBounds[this.#bound]} others were begun after it was last used (limit ${this.#bound})`,
    );
  }

  set(id: number, value: Value): void {
    this.#values.delete(id);
    this.#values.set(id, value);
    if (this.#values.size <= cryptoBounds[this.#bound]) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }

  delete(id: number): void {
    this.#values.delete(id);
  }
}
