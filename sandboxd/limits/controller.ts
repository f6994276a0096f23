/** One thing that a control group bounds, in the words of its version of cgroups. */
import type { ProcessLimits } from "./limits.ts";

/** A value to write into a file of a group. */
export interface Knob {
  name: string;
  value: string;
  /** The kernel may lack it, or refuse it for what stands above; the bound holds without. */
  isOptional?: boolean;
}

export interface Controller {
  readonly bounds: "memory" | "cpu" | "processes";
  /** The group in which groups of ours are made. */
  readonly rootFolder: string;
  /** What it holds, in words. */
  readonly words: string;
  /** What is written, in this order, from `before` (undefined: never yet) to `next`. */
  knobs(next: ProcessLimits, before: ProcessLimits | undefined): Knob[];
}

/** The one that also tells whether the kernel has killed for memory. */
export interface MemoryController extends Controller {
  readonly bounds: "memory";
  /** The file with a line `oom_kill COUNT`. */
  readonly eventsFile: string;
}

/**
 * A period of 20 ms instead of the kernel's 100: what has used up its share waits no longer than that. The kernel takes no
 * quota below 1 ms, so a small share gets a longer period.
 */
export function cpuQuota(cpuPercent: number): {
  quotaUs: number;
  periodUs: number;
} {
  const periodUs = Math.min(
    1_000_000,
    Math.max(20_000, Math.ceil(100_000 / cpuPercent)),
  );
  return { quotaUs: Math.round((periodUs * cpuPercent) / 100), periodUs };
}

export function memoryBytes({ memoryMb }: ProcessLimits): string {
  return String(memoryMb * 1024 * 1024);
}
