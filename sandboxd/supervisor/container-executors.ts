/** The executors of one container: which one a call goes to, when another is started, what is done when one dies. */
import type { CallFailure, LimitHit } from "../../proto/errors.ts";
import {
  expiredFailure,
  type AnsweredOutcome,
  type ExecutorCall,
  type ExecutorOutcome,
  type GuestLogs,
  type LoadableVersion,
  type LostCause,
} from "./call.ts";
import type { Executor, ExecutorEvents } from "./executor.ts";

/** How a call ended, whichever executors it took. Times are in milliseconds of performance.now(). */
export interface RunOutcome {
  outcome:
    | AnsweredOutcome
    | { kind: "failed"; failure: CallFailure; logs?: GuestLogs | undefined }
    | { kind: "cancelled" };
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

export interface ContainerExecutorsOptions {
  take: () => Promise<Executor>;
  /** Of one container on this host. */
  maxExecutors: number;
  /** After this age an executor takes no more calls. */
  maxAgeMs: number;
  loadTimeoutMs: number;
  /** Versions of code in requests kept loaded in one executor. */
  maxInlineVersions: number;
  now: () => number;
  events: Pick<ExecutorEvents, "warmth" | "loggedLate"> & {
    exited: (ending: string, cause: LostCause, pid: number) => void;
  };
}

/** A call that finds even the least used executor stalled, or with this many open, starts another. */
const crowdedCalls = 32;

export class ContainerExecutors {
  readonly #options: ContainerExecutorsOptions;
  readonly #executors = new Set<Executor>();
  #starting: Promise<Executor> | undefined;

  constructor(options: ContainerExecutorsOptions) {
    this.#options = options;
  }

  get executors(): ReadonlySet<Executor> {
    return this.#executors;
  }

  get openCalls(): number {
    let count = 0;
    for (const { openCalls } of this.#executors) count += openCalls;
    return count;
  }

  get isStarting(): boolean {
    return this.#starting !== undefined;
  }

  isWarm(version: string): boolean {
    for (const executor of this.#executors)
      if (executor.isWarm(version)) return true;
    return false;
  }

  /** Runs a call; if its isolate or process is lost through no fault of its own, once more elsewhere. */
  async run(
    version: LoadableVersion,
    call: ExecutorCall,
    signal?: AbortSignal,
  ): Promise<RunOutcome> {
    const admittedAt = performance.now();
    const wait = { signal, dueAt: admittedAt + call.wallMs };
    let isCold = false;
    for (let isRerun = false; ; isRerun = true) {
      const executor =
        this.#pick() ?? (await unlessGivenUp(this.#start(), wait));
      const acquiredAt = performance.now();
      if (typeof executor === "string")
        return this.#notRun(endOfWait(executor, call), {
          admittedAt,
          acquiredAt,
        });
      if (!executor.isWarm(version.key)) {
        isCold = true;
        const loading = this.#load(executor, version);
        const failure = await unlessGivenUp(loading, wait);
        if (failure)
          return this.#notRun(
            typeof failure === "string"
              ? endOfWait(failure, call)
              : { kind: "failed", failure },
            { admittedAt, acquiredAt },
          );
      }
      const { fullness } = executor;
      if (fullness)
        return this.#notRun(
          { kind: "failed", failure: tooMany(fullness) },
          { admittedAt, acquiredAt },
        );
      const loadedAt = performance.now();
      const wallMs = Math.max(1, Math.ceil(wait.dueAt - loadedAt));
      const outcome = await executor.run(version, { ...call, wallMs }, signal);
      const verdict = withWholeTime(judge(outcome, isRerun), {
        call,
        admittedAt,
      });
      if (verdict !== "run again") {
        const runUs = "runUs" in outcome ? outcome.runUs : 0;
        return {
          outcome: verdict,
          isCold,
          isUnloadable: false,
          admittedAt,
          acquiredAt,
          loadedAt,
          endedAt: performance.now(),
          runUs,
          compileUs: isCold ? executor.compileUs(version.key) : 0,
        };
      }
    }
  }

  /** Loads a version wherever another version of the same extension is ready. */
  async warmBeside(next: LoadableVersion, present: string): Promise<void> {
    const warm = [...this.#executors].filter((executor) =>
      executor.isWarm(present),
    );
    await Promise.all(
      warm.map(async (executor) => {
        await this.#load(executor, next);
        this.#unloadBefore(executor, { next: next.key, present });
      }),
    );
  }

  /** Ends what is past its time, too old, or unused for longer than `idleMs`. */
  sweep(idleMs: number): void {
    const now = this.#options.now();
    for (const executor of this.#executors) {
      executor.enforceTime();
      unloadTakenOver(executor);
      if (executor.isBusy) continue;
      const isIdle = now - executor.lastUsedMs > idleMs;
      if (isIdle || this.#isTooOld(executor)) executor.kill("closed");
    }
  }

  close(): void {
    for (const executor of this.#executors) executor.kill("closed");
  }

  #pick(): Executor | undefined {
    let best: Executor | undefined;
    for (const executor of this.#executors) {
      if (!executor.isAlive || this.#isTooOld(executor)) continue;
      if (!best || executor.openCalls < best.openCalls) best = executor;
    }
    if (best && (best.isStalled || best.openCalls >= crowdedCalls))
      this.#grow();
    return best;
  }

  /** Starts another executor for the calls to come, if the container may have one. */
  #grow(): void {
    if (this.#starting || this.#executors.size >= this.#options.maxExecutors)
      return;
    this.#start().catch(() => undefined); // the calls at hand have an executor
  }

  #start(): Promise<Executor> {
    this.#starting ??= this.#options
      .take()
      .then((executor) => this.#adopt(executor))
      .finally(() => {
        this.#starting = undefined;
      });
    return this.#starting;
  }

  #adopt(executor: Executor): Executor {
    this.#executors.add(executor);
    const { warmth, loggedLate, exited } = this.#options.events;
    executor.assign({
      warmth,
      loggedLate,
      exited: (ending, cause) => {
        this.#executors.delete(executor);
        exited(ending, cause, executor.pid);
      },
    });
    return executor;
  }

  async #load(
    executor: Executor,
    version: LoadableVersion,
  ): Promise<CallFailure | undefined> {
    const isInline = version.key.startsWith(inlinePrefix);
    const refused = isInline && this.#makeRoomInline(executor, version.key);
    if (refused) return refused;
    return await executor.load(version, this.#options.loadTimeoutMs);
  }

  /** Unloads the longest unused code of requests where there is no room for more; tells where all of it is in use. */
  #makeRoomInline(executor: Executor, key: string): CallFailure | undefined {
    const { maxInlineVersions } = this.#options;
    const held = executor.held(inlinePrefix);
    if (held.includes(key) || held.length < maxInlineVersions) return undefined;
    const [longestUnused] = executor
      .versions()
      .filter((one) => one.isIdle && one.key.startsWith(inlinePrefix))
      .toSorted((a, b) => a.lastUsedMs - b.lastUsedMs);
    if (longestUnused) {
      executor.unload(longestUnused.key);
      return undefined;
    }
    return tooMany({
      name: "inline_versions",
      value: maxInlineVersions,
      observed: held.length + 1,
    });
  }

  /** While nobody calls, one version waits beside the one that serves, and no more. */
  #unloadBefore(
    executor: Executor,
    { next, present }: { next: string; present: string },
  ): void {
    for (const { key } of executor.versions()) {
      const isOther = key !== next && key !== present;
      if (isOther && extensionOf(key) === extensionOf(next))
        executor.unload(key);
    }
  }

  #notRun(
    outcome: RunOutcome["outcome"],
    times: { admittedAt: number; acquiredAt: number },
  ): RunOutcome {
    const endedAt = performance.now();
    return {
      outcome,
      isCold: true,
      isUnloadable: outcome.kind === "failed",
      ...times,
      loadedAt: endedAt,
      endedAt,
      runUs: 0,
      compileUs: 0,
    };
  }

  #isTooOld(executor: Executor): boolean {
    return this.#options.now() - executor.assignedMs > this.#options.maxAgeMs;
  }
}

export const inlinePrefix = "inline:";

function extensionOf(version: string): string {
  return version.slice(0, version.lastIndexOf("@"));
}

/**
 * Unloads, where no call uses them, versions that a later loaded one of the same extension has taken over from. Loaded is
 * not enough: until it serves, calls go to the one before, which must not be cold for them.
 */
function unloadTakenOver(executor: Executor): void {
  const versions = executor.versions();
  if (versions.length < 2) return;
  for (const [index, { key, isIdle, lastCalledMs }] of versions.entries()) {
    if (!isIdle || key.startsWith(inlinePrefix)) continue;
    const isTakenOver = versions
      .slice(index + 1)
      .some(
        (later) =>
          later.lastCalledMs > lastCalledMs &&
          extensionOf(later.key) === extensionOf(key),
      );
    if (isTakenOver) executor.unload(key);
  }
}

/** Why a call waits no longer: its caller has given it up, or its time is over. */
type EndOfWait = "given up" | "expired";

/** What the work comes to, unless the call ends first; the work then goes on for whoever comes next. */
async function unlessGivenUp<Value>(
  work: Promise<Value>,
  { signal, dueAt }: { signal: AbortSignal | undefined; dueAt: number },
): Promise<Value | EndOfWait> {
  if (signal?.aborted) return "given up";
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

function endOfWait(end: EndOfWait, call: ExecutorCall): RunOutcome["outcome"] {
  return end === "given up"
    ? { kind: "cancelled" }
    : { kind: "failed", failure: expiredFailure(call, call.wallMs) };
}

/** What a call's caller is told, or that it deserves another try. */
function judge(
  outcome: ExecutorOutcome,
  isRerun: boolean,
): RunOutcome["outcome"] | "run again" {
  switch (outcome.kind) {
    case "answered":
    case "failed":
    case "cancelled":
      return outcome;
    case "displaced":
      return !isRerun && outcome.effects === 0
        ? "run again"
        : lost("its isolate was discarded");
    case "lost":
      if (outcome.cause === "overdue" && !isRerun) return "run again";
      return lost("its executor ended");
  }
}

/** The executor knows what was left of the call's time; its caller wants to hear of all of it. */
function withWholeTime(
  verdict: RunOutcome["outcome"] | "run again",
  { call, admittedAt }: { call: ExecutorCall; admittedAt: number },
): RunOutcome["outcome"] | "run again" {
  if (verdict === "run again" || verdict.kind !== "failed") return verdict;
  if (verdict.failure.reason !== call.wallClock) return verdict;
  const observedMs = performance.now() - admittedAt;
  return { ...verdict, failure: expiredFailure(call, observedMs) };
}

function lost(how: string): RunOutcome["outcome"] {
  const message = `the call was lost: ${how} before it answered`;
  return { kind: "failed", failure: { reason: "executor_lost", message } };
}

function tooMany(limit: LimitHit): CallFailure {
  const { name, value, observed } = limit;
  const message = `${name} is ${observed}; at most ${value} are taken`;
  return { reason: "concurrency", message, limit };
}
