/** Random moments that can be had again: everything follows from a seed that is printed. */
import { randomInt } from "node:crypto";

export interface Random {
  seed: number;
  /** A number of 0 to below 1. */
  next(): number;
  /** One of them. */
  pick<T>(from: readonly [T, ...T[]]): T;
}

/** Of the seed in ANNEX_TEST_SEED, or else of a new one; prints it. */
export function printedRandom(): Random {
  const seed = Number(process.env["ANNEX_TEST_SEED"] ?? randomInt(2 ** 31));
  process.stdout.write(`seed: ANNEX_TEST_SEED=${seed}\n`);
  let state = seed;
  // mulberry32: 32 bits of state are plenty for moments.
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    seed,
    next,
    pick: (from) => from[Math.floor(next() * from.length)] ?? from[0],
  };
}
