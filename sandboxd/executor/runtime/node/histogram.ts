/** Node's histograms: counts of values in ranges whose width grows with the value, so that they stay small. */

const maxFigures = 5;

type Values = Map<number, unknown>;

export class Histogram {
  /** Of values, by the lowest of their range. */
  readonly #counts = new Map<number, number>();
  readonly #lowest: number;
  readonly #highest: number;
  /** Up to this many, each value has a range of its own. */
  readonly #precise: number;
  #total = 0;
  #exceeding = 0;
  #previous: number | undefined;

  constructor(
    lowest: number | bigint = 1,
    highest: number | bigint = Number.MAX_SAFE_INTEGER,
    figures = 3,
  ) {
    this.#lowest = Number(lowest);
    this.#highest = Number(highest);
    const largest = 2 * 10 ** Math.min(figures, maxFigures);
    this.#precise = 2 ** Math.ceil(Math.log2(largest));
  }

  record(given: number | bigint): void {
    this.#add(Number(given), 1);
  }

  recordDelta(): void {
    const now = Date.now() * 1e6;
    if (this.#previous !== undefined)
      this.#add(Math.max(now - this.#previous, this.#lowest), 1);
    this.#previous = now;
  }

  /** Also what a stall of that length kept from being recorded. */
  recordCorrected(given: number | bigint, interval: number | bigint): void {
    const step = Number(interval);
    this.#add(Number(given), 1);
    for (let missed = Number(given) - step; missed >= step; missed -= step)
      this.#add(missed, 1);
  }

  add(other: Histogram): number {
    for (const [value, count] of other.#counts) this.#add(value, count);
    this.#exceeding += other.#exceeding;
    return 0;
  }

  subtract(other: Histogram): void {
    for (const [value, count] of other.#counts) this.#add(value, -count);
  }

  reset(): void {
    this.#counts.clear();
    this.#total = 0;
    this.#exceeding = 0;
    this.#previous = undefined;
  }

  /** Of the delays of an event loop, of which a guest has none. */
  start(): boolean {
    return true;
  }

  stop(): boolean {
    return true;
  }

  count(): number {
    return this.#total;
  }

  countBigInt(): bigint {
    return BigInt(this.#total);
  }

  countAt(value: number): number {
    return this.#counts.get(this.#low(value)) ?? 0;
  }

  cdf(value: number): number {
    if (this.#total === 0) return 0;
    let below = 0;
    for (const [low, count] of this.#counts) if (low <= value) below += count;
    return below / this.#total;
  }

  exceeds(): number {
    return this.#exceeding;
  }

  exceedsBigInt(): bigint {
    return BigInt(this.#exceeding);
  }

  min(): number {
    return this.#sorted()[0] ?? 2 ** 63;
  }

  minBigInt(): bigint {
    return BigInt(this.#sorted()[0] ?? 2n ** 63n - 1n);
  }

  max(): number {
    const highest = this.#sorted().at(-1);
    return highest === undefined ? 0 : this.#high(highest);
  }

  maxBigInt(): bigint {
    return BigInt(this.max());
  }

  mean(): number {
    let sum = 0;
    for (const [low, count] of this.#counts) sum += this.#middle(low) * count;
    return sum / this.#total;
  }

  stddev(): number {
    return Math.sqrt(this.#moment(2));
  }

  skewness(): number {
    return this.#moment(3) / this.stddev() ** 3;
  }

  kurtosis(): number {
    return this.#moment(4) / this.#moment(2) ** 2 - 3;
  }

  percentile(percentile: number): number {
    return this.#at(percentile)[0];
  }

  percentileBigInt(percentile: number): bigint {
    return BigInt(this.percentile(percentile));
  }

  percentiles(map: Values): void {
    this.#eachPercentile((percentile, value) => map.set(percentile, value));
  }

  percentilesBigInt(map: Values): void {
    this.#eachPercentile((percentile, value) =>
      map.set(percentile, BigInt(value)),
    );
  }

  percentilesAt(map: Values, percentiles: Iterable<number>): void {
    for (const percentile of percentiles)
      map.set(percentile, this.percentile(percentile));
  }

  /** Each step halves what is left to all. */
  #eachPercentile(tell: (percentile: number, value: number) => void): void {
    if (this.#total === 0) {
      tell(100, 0);
      return;
    }
    for (let percentile = 0; ; percentile += (100 - percentile) / 2) {
      const [value, counted] = this.#at(percentile);
      if (counted >= this.#total) break;
      tell(percentile, value);
    }
    tell(100, this.max());
  }

  #moment(power: number): number {
    const mean = this.mean();
    let sum = 0;
    for (const [low, count] of this.#counts)
      sum += (this.#middle(low) - mean) ** power * count;
    return sum / this.#total;
  }

  #at(percentile: number): [value: number, counted: number] {
    const wanted = Math.max(
      1,
      Math.floor((percentile / 100) * this.#total + 0.5),
    );
    let counted = 0;
    for (const low of this.#sorted()) {
      counted += this.#counts.get(low) ?? 0;
      if (counted >= wanted) return [this.#high(low), counted];
    }
    return [0, counted];
  }

  #add(value: number, count: number): void {
    if (value > this.#highest) {
      this.#exceeding += count;
      return;
    }
    const low = this.#low(value);
    const next = (this.#counts.get(low) ?? 0) + count;
    if (next > 0) this.#counts.set(low, next);
    else this.#counts.delete(low);
    this.#total = Math.max(0, this.#total + count);
  }

  #sorted(): number[] {
    return [...this.#counts.keys()].toSorted((a, b) => a - b);
  }

  #width(value: number): number {
    if (value < this.#precise) return 1;
    return 2 ** (Math.floor(Math.log2(value)) - Math.log2(this.#precise) + 1);
  }

  #low(value: number): number {
    const width = this.#width(value);
    return Math.floor(value / width) * width;
  }

  #high(low: number): number {
    return low + this.#width(low) - 1;
  }

  #middle(low: number): number {
    return low + Math.floor(this.#width(low) / 2);
  }
}
