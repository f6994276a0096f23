/** So many of something at once. */
export class Quota {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get isFull(): boolean {
    return this.#taken >= this.#max;
  }

  /** Takes so many, even beyond the maximum; gives what returns them. */
  take(count: number): () => void {
    this.#taken += count;
    return () => void (this.#taken -= count);
  }

  /** Takes so many where there is room for them; gives what returns them. */
  tryTake(count: number): (() => void) | undefined {
    return this.#taken + count <= this.#max ? this.take(count) : undefined;
  }
}
