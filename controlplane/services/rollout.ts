import { once, type EventEmitter } from "node:events";
import type { Rollout as WireRollout } from "../../proto/gen/annex/control/v1/extension.ts";
import { AnnexError } from "../../proto/errors.ts";
import { codeFrame } from "../domain/code-frame.ts";
import {
  isSettled,
  rolloutOf,
  type Host,
  type Rollout,
} from "../domain/host.ts";
import type { SourceFile } from "../domain/version.ts";

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

/** A rollout whose refusals show the lines they are about. The source is read only where one names a place. */
export async function withFrames(
  rollout: WireRollout,
  readFiles: () => Promise<SourceFile[]>,
): Promise<WireRollout> {
  if (!rollout.refused.some(({ message }) => placePattern.test(message)))
    return rollout;
  const files = await readFiles().catch(() => []); // deleted meanwhile
  const refused = rollout.refused.map((refusal) => {
    const { message } = refusal;
    const [, name, line, column] = placePattern.exec(message) ?? [];
    const content = files.find(({ path }) => path === name)?.content;
    if (!content) return refusal;
    const place = { line: Number(line), column: Number(column) };
    const frame = codeFrame(Buffer.from(content).toString(), place);
    if (frame === "") return refusal;
    return { ...refusal, message: `${message}\n\n${frame}` };
  });
  return { ...rollout, refused };
}

const placePattern = /^([^\n]{1,512}?):(\d{1,9}):(\d{1,9}): /;
