/** How long a fuzz run is, and where it starts. */

/** The same programs in every `npm test`, so that a failure there is news of the change; long runs start anywhere. */
const shortSeed = 20_201;

/** `FUZZ_RUNS` programs instead of so few, from `FUZZ_SEED`; each of the other tests grows as they do. */
export function fuzzSettings(shortRuns: number): {
  numRuns: number;
  seed?: number;
  isLong: boolean;
} {
  const { FUZZ_RUNS, FUZZ_SEED } = process.env;
  const isLong = FUZZ_RUNS !== undefined;
  const numRuns = isLong ? Number(FUZZ_RUNS) : shortRuns;
  if (!Number.isSafeInteger(numRuns) || numRuns < 1)
    throw new Error("FUZZ_RUNS must be a count");
  if (FUZZ_SEED !== undefined)
    return { numRuns, isLong, seed: Number(FUZZ_SEED) };
  return { numRuns, isLong, ...(!isLong && { seed: shortSeed }) };
}
