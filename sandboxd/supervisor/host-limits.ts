/** What all containers of a host may have together: executors by number, and their memory. Who is idle gives way. */
import { tooMany } from "./call.ts";
import type { CallFailure } from "../../proto/errors.ts";
import type { Executor } from "./executor.ts";
import type { ProcessLimits } from "./launcher.ts";
import type { MemoryBudget } from "./processes.ts";
import type { StockedPool } from "./stocked-pool.ts";

export interface HostLimitsOptions {
  pool: StockedPool;
  budget: Pick<MemoryBudget, "largestMb" | "spentMb">;
  maxExecutors: number;
  /** Those that belong to somebody. */
  assigned: () => Executor[];
}

export class HostLimits {
  readonly #options: HostLimitsOptions;
  /** On their way from the pool to somebody. */
  #taking = 0;

  constructor(options: HostLimitsOptions) {
    this.#options = options;
  }

  /** An executor that may use so much, or why there is none to have. */
  async take(
    limits: ProcessLimits,
    isStocked: boolean,
  ): Promise<Executor | CallFailure> {
    const refused = this.#makeRoom();
    if (refused) return refused;
    this.#taking++;
    try {
      return await this.#takeWithinBudget(limits, isStocked);
    } finally {
      this.#taking--;
    }
  }

  #makeRoom(): CallFailure | undefined {
    const { assigned, maxExecutors } = this.#options;
    const alive = assigned().filter(({ isAlive }) => isAlive).length;
    const observed = alive + this.#taking + 1;
    if (observed <= maxExecutors) return undefined;
    const idle = this.#longestUnused();
    idle?.kill("closed");
    const limit = { name: "max_executors", value: maxExecutors, observed };
    return idle ? undefined : tooMany(limit);
  }

  async #takeWithinBudget(
    limits: ProcessLimits,
    isStocked: boolean,
  ): Promise<Executor | CallFailure> {
    const { pool, budget } = this.#options;
    using wish = new DisposableStack();
    for (;;) {
      const executor = await pool.take(isStocked);
      if (executor?.confine(limits)) return executor;
      const leaving = this.#nextToLeave();
      if (executor) pool.giveBack(executor);
      if (!leaving)
        return tooMany({
          name: "host_memory_mb",
          value: budget.largestMb,
          observed: budget.spentMb + limits.memoryMb,
        });
      // What comes free is for whoever waits for it, not for keeping another ready.
      wish.defer(pool.pause());
      leaving.kill("closed");
      await leaving.exited();
    }
  }

  /** Whose memory is, or will be, free first: one that is ending, one that nobody needs, the longest unused. */
  #nextToLeave(): Executor | undefined {
    const { assigned, pool } = this.#options;
    const ending = assigned().find(({ isAlive }) => !isAlive);
    return ending ?? pool.spare() ?? this.#longestUnused();
  }

  #longestUnused(): Executor | undefined {
    const [longest] = this.#options
      .assigned()
      .filter(({ isIdle }) => isIdle)
      .toSorted((a, b) => a.lastUsedMs - b.lastUsedMs);
    return longest;
  }
}
