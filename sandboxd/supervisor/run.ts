/** The way of one call through the executors: find one, load the version, run it; once more elsewhere if it was lost for another's sake. */
import type { CallFailure } from "../../proto/errors.ts";
import {
  expiredFailure,
  lostBesideAnother,
  tooMany,
  type ExecutorCall,
  type GuestLogs,
  type LoadableVersion,
} from "./call.ts";
import type { EgressCounts, EgressRecord } from "./egress.ts";
import { Executor } from "./executor.ts";
import type { ExecutorGroup } from "./executor-group.ts";
import type { Quarantine } from "./quarantine.ts";
import { judge, type CallOutcome } from "./verdict.ts";

/** How a call ended, whichever executors it took. Times are in milliseconds of performance.now(). */
export interface RunOutcome {
  outcome: CallOutcome;
  /** Requests outward it made; the first of them, if they are many. */
  egress: readonly EgressRecord[];
  /** All of them that were sent out. */
  egressCounts: EgressCounts;
  /** The call had to wait for its version to be loaded. */
  isCold: boolean;
  /** The version could not be loaded; nothing ran. */
  isUnloadable: boolean;
  admittedAt: number;
  /** An executor was found. */
  acquiredAt: number;
  /** The version was loaded in it. */
  loadedAt: number;
  endedAt: number;
  runUs: number;
  /** Of its version, where it was cold. */
  compileUs: number;
}

export interface RunDependencies {
  /** Where the version's calls go now. */
  groupOf: (version: LoadableVersion) => ExecutorGroup;
  quarantine: Pick<Quarantine, "refusal" | "suspicion">;
}

interface CallToRun {
  call: ExecutorCall;
  signal: AbortSignal | undefined;
}

export async function runCall(
  dependencies: RunDependencies,
  version: LoadableVersion,
  asked: CallToRun,
): Promise<RunOutcome> {
  const lost: GuestLogs[] = [];
  const ran = await runToEnd(dependencies, version, {
    ...asked,
    lost: (logs) => void lost.push(logs),
  });
  const outcome = lost.reduceRight(withLogsBefore, ran.outcome);
  return { ...ran, outcome };
}

async function runToEnd(
  { groupOf, quarantine }: RunDependencies,
  version: LoadableVersion,
  { call, signal, lost }: CallToRun & { lost: (logs: GuestLogs) => void },
): Promise<RunOutcome> {
  const admittedAt = performance.now();
  const wait = { signal, dueAt: admittedAt + call.wallMs };
  let isCold = false;
  for (let isRerun = false; ; isRerun = true) {
    const refusal = quarantine.refusal(version);
    if (refusal)
      return notRun({ kind: "failed", failure: refusal }, { admittedAt });
    const group = groupOf(version);
    const found = group.acquire(version);
    const executor =
      found instanceof Executor ? found : await unlessGivenUp(found, wait);
    const acquiredAt = performance.now();
    const times = { admittedAt, acquiredAt };
    if (typeof executor === "string")
      return notRun(endOfWait(executor, call), times);
    if (!(executor instanceof Executor))
      return notRun({ kind: "failed", failure: executor }, times);
    if (!executor.isWarm(version)) {
      isCold = true;
      const failure = await unlessGivenUp(group.load(executor, version), wait);
      if (typeof failure === "string")
        return notRun(endOfWait(failure, call), times);
      if (failure === lostBesideAnother && !isRerun) continue;
      if (failure) return notRun({ kind: "failed", failure }, times);
    }
    const { fullness } = executor;
    if (fullness)
      return notRun({ kind: "failed", failure: tooMany(fullness) }, times);
    const loadedAt = performance.now();
    const wallMs = Math.max(1, Math.ceil(wait.dueAt - loadedAt));
    const outcome = await executor.run(version, { ...call, wallMs }, signal);
    const verdict = judge(outcome, {
      isRerun,
      isKnownSuspect: () => {
        const { alone, shared } = quarantine.suspicion(version);
        return alone + shared > 1;
      },
    });
    if (verdict === "run again") {
      if (outcome.logs) lost(outcome.logs);
      continue;
    }
    return {
      outcome: withWholeTime(verdict, { call, admittedAt }),
      egress: outcome.egress,
      egressCounts: outcome.egressCounts,
      isCold,
      isUnloadable: false,
      ...times,
      loadedAt,
      endedAt: performance.now(),
      runUs: "runUs" in outcome ? outcome.runUs : 0,
      compileUs: isCold ? executor.compileUs(version) : 0,
    };
  }
}

function notRun(
  outcome: CallOutcome,
  { admittedAt, acquiredAt }: { admittedAt: number; acquiredAt?: number },
): RunOutcome {
  const endedAt = performance.now();
  return {
    outcome,
    egress: [],
    egressCounts: {},
    isCold: true,
    isUnloadable: outcome.kind === "failed",
    admittedAt,
    acquiredAt: acquiredAt ?? endedAt,
    loadedAt: endedAt,
    endedAt,
    runUs: 0,
    compileUs: 0,
  };
}

/** Why a call waits no longer: its caller has given it up, or its time is over. */
type EndOfWait = "given up" | "expired";

/** What the work comes to, unless the call ends first; the work then goes on for whoever comes next. */
async function unlessGivenUp<Value>(
  work: Promise<Value>,
  { signal, dueAt }: { signal: AbortSignal | undefined; dueAt: number },
): Promise<Value | EndOfWait> {
  if (signal?.aborted) {
    work.catch(() => undefined); // nobody waits for it any more
    return "given up";
  }
  const { promise, resolve } = Promise.withResolvers<EndOfWait>();
  const giveUp = () => resolve("given up");
  const expiry = setTimeout(
    () => resolve("expired"),
    dueAt - performance.now(),
  );
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(expiry);
    signal?.removeEventListener("abort", giveUp);
  }
}

function endOfWait(end: EndOfWait, call: ExecutorCall): CallOutcome {
  return end === "given up"
    ? { kind: "cancelled" }
    : { kind: "failed", failure: expiredFailure(call, call.wallMs) };
}

/** What a call wrote where it was run first is its too. */
function withLogsBefore(outcome: CallOutcome, before: GuestLogs): CallOutcome {
  const after = outcome.logs;
  const lines = [...before.lines, ...(after?.lines ?? [])];
  const dropped = before.dropped + (after?.dropped ?? 0);
  return { ...outcome, logs: { ...before, lines, dropped } };
}

/** The executor knows what was left of the call's time; its caller wants to hear of all of it. */
function withWholeTime(
  verdict: CallOutcome,
  { call, admittedAt }: { call: ExecutorCall; admittedAt: number },
): CallOutcome {
  if (verdict.kind !== "failed") return verdict;
  if (verdict.failure.reason !== call.wallClock) return verdict;
  const observedMs = performance.now() - admittedAt;
  const failure: CallFailure = expiredFailure(call, observedMs);
  return { ...verdict, failure };
}
