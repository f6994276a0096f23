import { once, type EventEmitter } from "node:events";
import type { Rollout as WireRollout } from "../../proto/gen/annex/control/v1/extension.ts";
import { AnnexError } from "../../proto/errors.ts";
import {
  isSettled,
  rolloutOf,
  type Host,
  type Rollout,
} from "../domain/host.ts";

/** The longest a rollout may be waited for. */
export const maxRolloutWaitMs = 60_000;

/** What a rollout reads of the fleet. */
export interface RolloutFleet {
  hosts(): Host[];
  /** Emits `change` whenever a host comes, goes or gets further. */
  changes: EventEmitter<{ change: [] }>;
  /** Aborted when the control plane closes. */
  closed: AbortSignal;
}

/** One version to be waited for. */
export interface RolloutWait {
  container: string;
  extension: string;
  waitMs: number;
  signal: AbortSignal;
  /** Read at every look: another version may be activated meanwhile. */
  activeVersion(): Promise<number>;
}

/** Tells how far a version has come, when it is settled everywhere or the time is up. */
export async function awaitRollout(
  fleet: RolloutFleet,
  wait: RolloutWait,
): Promise<WireRollout> {
  if (wait.waitMs > maxRolloutWaitMs)
    throw new AnnexError("invalid", `wait_ms is at most ${maxRolloutWaitMs}`);
  const done = new AbortController();
  const signal = AbortSignal.any([
    wait.signal,
    fleet.closed,
    done.signal,
    AbortSignal.timeout(wait.waitMs),
  ]);
  try {
    for (;;) {
      // Listen, then look: the other way round loses the change in between. An abort only ends the wait.
      const changed = once(fleet.changes, "change", { signal }).catch(() => {});
      const rollout = rolloutOf(fleet.hosts(), {
        ...wait,
        version: await wait.activeVersion(),
      });
      // Without an active version there is nothing for hosts to take.
      const isOver = rollout.version === 0 || isSettled(rollout);
      if (isOver || signal.aborted || wait.waitMs === 0) return wireOf(rollout);
      await changed;
    }
  } finally {
    done.abort();
  }
}

function wireOf(rollout: Rollout): WireRollout {
  return rollout;
}
