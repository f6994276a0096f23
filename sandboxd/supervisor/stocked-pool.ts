/**
 * Two pools in one: most ready executors are bare, a few have Node's library loaded, which takes three times as long to
 * start and twice the memory. Who wants such a one and finds none is given a bare one rather than let wait.
 */
import type { Executor } from "./executor.ts";
import type { ExecutorPool } from "./pool.ts";

export interface StockedPool extends Omit<ExecutorPool, "take"> {
  take(isStocked: boolean): Promise<Executor | undefined>;
}

export function joinPools(
  bare: ExecutorPool,
  stocked: ExecutorPool,
): StockedPool {
  const both = [bare, stocked];
  /** Of those that were given away. */
  const ofStocked = new WeakSet<Executor>();
  return {
    async take(isStocked) {
      if (!isStocked || stocked.readyCount() === 0) return await bare.take();
      const executor = await stocked.take();
      if (executor) ofStocked.add(executor);
      return executor;
    },
    giveBack: (executor) =>
      (ofStocked.delete(executor) ? stocked : bare).giveBack(executor),
    spare: () => stocked.spare() ?? bare.spare(),
    refill: () => both.forEach((pool) => pool.refill()),
    pause() {
      const resume = both.map((pool) => pool.pause());
      return () => resume.forEach((each) => each());
    },
    ready: () => bare.ready(),
    readyCount: () => bare.readyCount() + stocked.readyCount(),
    close: () => both.forEach((pool) => pool.close()),
  };
}
