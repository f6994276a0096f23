/** One open call as the executor keeps it: its clocks, its timers, its requests outward, its log. */
import type { CallFailure } from "../../proto/errors.ts";
import { hostClockMs } from "../host-clock.ts";
import type { InvokeRequest, LogLine } from "../protocol.ts";
import type { CallExchanges } from "./exchanges.ts";
import type { Pace } from "./pace.ts";

/** What a line costs beside its text: empty ones are not free. */
export const lineCostBytes = 64;

/** The bounds of one call. */
export interface CallLimits {
  maxLogBytes: number;
  maxOpenHostCalls: number;
  maxHostCalls: number;
}

/** The part of a request that governs how its call may run. */
export type CallTerms = Pick<
  InvokeRequest,
  "invocationId" | "sentMs" | "wallMs" | "wallClock" | "syncMs" | "cpuMs"
>;

/** How long the guest may run now without returning, and which of its clocks says so. */
export interface Slice {
  /** Not above 0: its wall time is over. */
  ms: number;
  clock: "sync" | "wall" | "cpu";
}

/** An invocation, or a version's top level, from its first slice to its answer. */
export class OpenCall {
  readonly id: number;
  readonly invocationId: string;
  readonly #terms: CallTerms;
  readonly #limits: CallLimits;
  readonly #startMs = hostClockMs();
  readonly #timers = new Map<number, NodeJS.Timeout | NodeJS.Immediate>();
  #wallTimer: NodeJS.Timeout | undefined;
  #hostCalls = 0;
  #logBytes = 0;
  /** CPU time of its slices, and of taking what they said. */
  cpuUs = 0;
  lines: LogLine[] = [];
  dropped = 0;
  hasWaited = false;
  /** Its requests outward, once it has made one. */
  exchanges: CallExchanges | undefined;

  constructor(id: number, terms: CallTerms, limits: CallLimits) {
    this.id = id;
    this.invocationId = terms.invocationId;
    this.#terms = terms;
    this.#limits = limits;
  }

  /** In this process. */
  get elapsedMs(): number {
    return hostClockMs() - this.#startMs;
  }

  get runUs(): number {
    return Math.round(this.elapsedMs * 1000);
  }

  /** What is left of its wall time. */
  get wallLeftMs(): number {
    return this.#terms.wallMs - this.#sinceSentMs;
  }

  get #sinceSentMs(): number {
    return hostClockMs() - this.#terms.sentMs;
  }

  /** Whether it has used the CPU time it may use. */
  get isCpuSpent(): boolean {
    return this.cpuUs / 1000 >= this.#terms.cpuMs;
  }

  slice(pace: Pace): Slice {
    const { syncMs, cpuMs } = this.#terms;
    const wallMs = this.wallLeftMs;
    const untilSpentMs = pace.wallMsFor(cpuMs - this.cpuUs / 1000);
    if (untilSpentMs < Math.min(syncMs, wallMs))
      return { ms: untilSpentMs, clock: "cpu" };
    if (wallMs < syncMs) return { ms: wallMs, clock: "wall" };
    return { ms: syncMs, clock: "sync" };
  }

  /** Watches the wall time of a call that waits. */
  watchWall(expire: () => void): void {
    if (this.#wallTimer) return;
    this.#wallTimer = setTimeout(expire, Math.max(0, this.wallLeftMs));
  }

  /** False if the call has made all the host calls it may make. */
  countHostCall(): boolean {
    return ++this.#hostCalls <= this.#limits.maxHostCalls;
  }

  /** Host calls with effects outside the isolate. */
  get effects(): number {
    return this.exchanges?.sentCount ?? 0;
  }

  /** False if the call has all the timers it may have. */
  startTimer(timer: number, delayMs: number, fire: () => void): boolean {
    if (!this.countHostCall()) return false;
    if (this.#timers.size >= this.#limits.maxOpenHostCalls) return false;
    const run = () => {
      this.#timers.delete(timer);
      fire();
    };
    const handle = delayMs === 0 ? setImmediate(run) : setTimeout(run, delayMs);
    this.#timers.set(timer, handle);
    return true;
  }

  get hasTimers(): boolean {
    return this.#timers.size > 0;
  }

  clearTimer(timer: number): void {
    clear(this.#timers.get(timer));
    this.#timers.delete(timer);
  }

  log(line: LogLine): void {
    this.#logBytes += Buffer.byteLength(line.text) + lineCostBytes;
    if (this.#logBytes > this.#limits.maxLogBytes) this.dropped++;
    else this.lines.push(line);
  }

  /** The lines not sent yet, and how many did not fit. */
  takeLog(): { lines: LogLine[]; dropped: number } {
    const { lines, dropped } = this;
    this.lines = [];
    this.dropped = 0;
    return { lines, dropped };
  }

  /** Ends its clocks, its timers and what it has open outward. */
  end(): void {
    clearTimeout(this.#wallTimer);
    for (const handle of this.#timers.values()) clear(handle);
    this.#timers.clear();
    this.exchanges?.end();
  }

  /** The failure of a call whose wall time is over. */
  wallFailure(): CallFailure {
    const { wallMs, wallClock } = this.#terms;
    const observed = Math.round(this.#sinceSentMs);
    const name = wallClock === "deadline" ? "timeout_ms" : "wall_ms";
    return {
      reason: wallClock,
      message: `no answer within ${Math.round(wallMs)} ms`,
      limit: { name, value: Math.round(wallMs), observed },
    };
  }

  /** The failure of a call that has used its CPU time. */
  cpuFailure(): CallFailure {
    const { cpuMs } = this.#terms;
    const observed = Math.round(this.cpuUs / 1000);
    return {
      reason: "cpu_time",
      message: `used more than ${cpuMs} ms of CPU time`,
      limit: { name: "cpu_ms", value: cpuMs, observed },
    };
  }

  /**
   * The failure of a call whose slice did not return. undefined: the machine was busier than before, and the call is not to
   * blame; run again, it is timed at the pace of now.
   */
  sliceFailure({ clock }: Slice, ranMs: number): CallFailure | undefined {
    switch (clock) {
      case "wall":
        return this.wallFailure();
      case "cpu":
        return this.isCpuSpent ? this.cpuFailure() : undefined;
      case "sync":
        return syncFailure(this.#terms.syncMs, ranMs);
    }
  }
}

/**
 * CPU time of the one thread that runs guests. An isolate's own `cpuTime` would be cheaper, but was measured to count the
 * time a busy machine keeps it waiting.
 */
export function threadCpuUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

function syncFailure(syncMs: number, ranMs: number): CallFailure {
  const observed = Math.round(ranMs);
  return {
    reason: "sync_time",
    message: `ran for ${syncMs} ms without returning`,
    limit: { name: "sync_ms", value: syncMs, observed },
  };
}

function clear(handle: NodeJS.Timeout | NodeJS.Immediate | undefined): void {
  if (!handle) return;
  if ("refresh" in handle) clearTimeout(handle);
  else clearImmediate(handle);
}
