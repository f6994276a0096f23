/**
 * How fast CPU time comes to this process. A slice is timed by the wall clock, and on a busy machine, or under a share of a
 * core, its CPU time takes longer to be used up.
 */

/** Slices that last less tell more of chance than of the machine. */
const tellingMs = 20;
const smallestShare = 0.05;
/** With a larger share the machine is idle. */
const idleShare = 0.9;
/** A busy machine is busier at times. */
const unsteadiness = 1.5;
/** What a slice may last beyond its CPU time at the pace last seen. */
const slackMs = 100;

export class Pace {
  #share = 1;

  /** Takes note of how much CPU time a slice had, and how long it lasted. */
  learn(cpuMs: number, wallMs: number): void {
    if (wallMs < tellingMs) return;
    this.#share = Math.min(1, Math.max(smallestShare, cpuMs / wallMs));
  }

  /** How long a slice may last that has so much CPU time left. */
  wallMsFor(cpuMs: number): number {
    const isSlow = this.#share < idleShare;
    return (cpuMs / this.#share) * (isSlow ? unsteadiness : 1) + slackMs;
  }
}
