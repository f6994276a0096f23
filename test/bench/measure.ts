/** Measures targets in turns, so that whatever else the machine does meets all of them alike. */
import type { Caller } from "./caller.ts";
import type { Plan } from "./options.ts";
import { Series } from "./series.ts";

/** Series by target. */
export type SeriesByTarget = ReadonlyMap<string, Series>;

/** Calls a target until its code, and ours, is as warm as it gets. */
export async function warmUp(
  caller: Caller,
  targets: readonly string[],
  plan: Plan,
): Promise<void> {
  for (const target of targets) {
    await caller.run(target, plan.warmUpCalls, 1);
    await caller.run(target, plan.warmUpCalls, 16);
  }
}

/** Rounds over all targets, one after the other, each round beginning one further on. */
export async function measureInTurns(
  caller: Caller,
  targets: readonly string[],
  plan: Plan,
  inFlight: number,
): Promise<SeriesByTarget> {
  const series = new Map(targets.map((target) => [target, new Series()]));
  for (let round = 0; round < plan.rounds; round++)
    for (const target of rotated(targets, round)) {
      const measured = await caller.run(target, plan.callsPerRound, inFlight);
      series.get(target)?.add(measured);
    }
  return series;
}

function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
