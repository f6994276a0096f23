/** Starts executors' processes within the host's memory: each holds what it may use until it is gone. */
import type { LaunchedProcess, Launcher, ProcessLimits } from "./launcher.ts";

/** The memory that processes may have together. */
export interface MemoryBudget {
  readonly largestMb: number;
  readonly spentMb: number;
  /** Promises so much until the returned function is called; undefined where it does not fit beside the others. */
  take(memoryMb: number): (() => void) | undefined;
}

/** A process whose memory is accounted for. */
export interface BoundedProcess extends Omit<LaunchedProcess, "confine"> {
  readonly memoryMb: number;
  /** Changes what it may use; false where the host has not so much, and nothing was changed. */
  confine(limits: ProcessLimits): boolean;
}

export interface Processes {
  /** undefined: the host has not so much memory left. */
  launch(limits: ProcessLimits): BoundedProcess | undefined;
}

export function createProcesses({
  launcher,
  budget,
  returned,
}: {
  launcher: Launcher;
  budget: MemoryBudget;
  /** Some memory is free again. */
  returned: () => void;
}): Processes {
  function launch(limits: ProcessLimits): BoundedProcess | undefined {
    const hold = Hold.of(budget, limits.memoryMb);
    if (!hold) return undefined;
    const process = launcher.launch(limits);
    let present = limits;
    void process.exited.then(() => {
      hold.release();
      returned();
    });
    return {
      pid: process.pid,
      pipe: process.pipe,
      exited: process.exited,
      kill: () => process.kill(),
      get memoryMb() {
        return hold.memoryMb;
      },
      confine({ memoryMb, cpuPercent }) {
        const isLess = memoryMb < hold.memoryMb;
        const isSame =
          memoryMb === hold.memoryMb && cpuPercent === present.cpuPercent;
        if (isSame) return true;
        if (!hold.resize(memoryMb)) return false;
        present = { memoryMb, cpuPercent };
        process.confine(present);
        if (isLess) returned();
        return true;
      },
    };
  }

  return { launch };
}

/** What one process holds of the budget. */
class Hold {
  readonly #budget: MemoryBudget;
  #release: (() => void) | undefined;
  memoryMb: number;

  private constructor(
    budget: MemoryBudget,
    memoryMb: number,
    release: () => void,
  ) {
    this.#budget = budget;
    this.memoryMb = memoryMb;
    this.#release = release;
  }

  static of(budget: MemoryBudget, memoryMb: number): Hold | undefined {
    const release = budget.take(memoryMb);
    return release && new Hold(budget, memoryMb, release);
  }

  /** False where the budget has not so much; after `release` nothing is held. */
  resize(memoryMb: number): boolean {
    if (!this.#release || memoryMb === this.memoryMb) return true;
    this.#release();
    const taken = this.#budget.take(memoryMb);
    // What was just given back is there still.
    this.#release = taken ?? this.#budget.take(this.memoryMb);
    if (taken) this.memoryMb = memoryMb;
    return taken !== undefined;
  }

  release(): void {
    this.#release?.();
    this.#release = undefined;
  }
}
