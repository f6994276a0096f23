/** Programs by chance against a real executor. More of them: `npm run fuzz`. */
import { Script } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { programs } from "./programs.ts";
import { fuzzSettings } from "./settings.ts";
import { Trial } from "./trial.ts";

const { isLong, ...settings } = fuzzSettings(250);
/** Of fewer nothing can be said of how often something comes of them. */
const enoughRuns = 200;
const shortMs = 120_000;
const longMs = 6 * 60 * 60 * 1000;
const maxMs = isLong ? longMs : shortMs;

test(
  "whatever a program does, it is answered once, in time, and harms nobody beside it",
  { timeout: maxMs + 30_000 },
  async () => {
    await using trial = new Trial();
    await fc.assert(
      fc.asyncProperty(programs(), (source) => trial.run(source)),
      {
        ...settings,
        interruptAfterTimeLimit: maxMs,
        markInterruptAsFailure: true,
      },
    );
    if (isLong) console.log(trial.endings);
    if (settings.numRuns < enoughRuns) return;
    const { killed = 0, aborted = 0, late = 0, ...endings } = trial.endings;
    // What V8 cannot interrupt is rare among them.
    expect(killed + aborted + late).toBeLessThan(settings.numRuns / 50);
    for (const ending of ["answered", "threw", "rejected", "sync_time"])
      expect(endings).toHaveProperty(ending);
  },
);

test("the programs are such that a parser takes them", () => {
  fc.assert(
    fc.property(programs(), (source) => {
      expect(() => new Script(`(function () {${source}\n})`)).not.toThrow();
    }),
    { ...settings, numRuns: 1000 },
  );
});
