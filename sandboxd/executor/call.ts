/** One open call as the executor keeps it: its clocks, its timers, its log. */
import type { CallFailure } from "../../proto/errors.ts";
import type { InvokeRequest, LogLine } from "../protocol.ts";

/** What a line costs beside its text: empty ones are not free. */
const lineCostBytes = 64;

/** The bounds of one call. */
export interface CallLimits {
  maxLogBytes: number;
  maxOpenHostCalls: number;
  maxHostCalls: number;
}

/** The part of a request that governs how its call may run. */
export type CallTerms = Pick<
  InvokeRequest,
  "invocationId" | "wallMs" | "wallClock" | "syncMs"
>;

/** An invocation, or a version's top level, from its first slice to its answer. */
export class OpenCall {
  readonly id: number;
  readonly invocationId: string;
  readonly #terms: CallTerms;
  readonly #limits: CallLimits;
  readonly #startMs = performance.now();
  readonly #timers = new Map<number, NodeJS.Timeout | NodeJS.Immediate>();
  #wallTimer: NodeJS.Timeout | undefined;
  #hostCalls = 0;
  #logBytes = 0;
  lines: LogLine[] = [];
  dropped = 0;

  constructor(id: number, terms: CallTerms, limits: CallLimits) {
    this.id = id;
    this.invocationId = terms.invocationId;
    this.#terms = terms;
    this.#limits = limits;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startMs;
  }

  get runUs(): number {
    return Math.round(this.elapsedMs * 1000);
  }

  /** How long the guest may run now without returning; not above 0: its wall time is over. */
  get sliceMs(): number {
    return Math.min(this.#terms.syncMs, this.#terms.wallMs - this.elapsedMs);
  }

  /** Watches the wall time of a call that waits. */
  watchWall(expire: () => void): void {
    if (this.#wallTimer) return;
    const leftMs = this.#terms.wallMs - this.elapsedMs;
    this.#wallTimer = setTimeout(expire, Math.max(0, leftMs));
  }

  /** False if the call has all the timers it may have. */
  startTimer(timer: number, delayMs: number, fire: () => void): boolean {
    this.#hostCalls++;
    if (this.#timers.size >= this.#limits.maxOpenHostCalls) return false;
    if (this.#hostCalls > this.#limits.maxHostCalls) return false;
    const run = () => {
      this.#timers.delete(timer);
      fire();
    };
    const handle = delayMs === 0 ? setImmediate(run) : setTimeout(run, delayMs);
    this.#timers.set(timer, handle);
    return true;
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

  /** Ends its clocks and timers. */
  end(): void {
    clearTimeout(this.#wallTimer);
    for (const handle of this.#timers.values()) clear(handle);
    this.#timers.clear();
  }

  /** The failure of a call whose wall time is over. */
  wallFailure(): CallFailure {
    const { wallMs, wallClock } = this.#terms;
    const observed = Math.round(this.elapsedMs);
    const name = wallClock === "deadline" ? "timeout_ms" : "wall_ms";
    return {
      reason: wallClock,
      message: `no answer within ${Math.round(wallMs)} ms`,
      limit: { name, value: Math.round(wallMs), observed },
    };
  }

  /** The failure of a call whose slice, begun with so much time, did not return. */
  sliceFailure(sliceMs: number, ranMs: number): CallFailure {
    const { syncMs } = this.#terms;
    if (sliceMs < syncMs) return this.wallFailure();
    const observed = Math.round(ranMs);
    return {
      reason: "sync_time",
      message: `ran for ${syncMs} ms without returning`,
      limit: { name: "sync_ms", value: syncMs, observed },
    };
  }
}

const maxRecentCalls = 64;

/** The calls answered last: lines they log later are still theirs. */
export class RecentCalls {
  readonly #invocationIds = new Map<number, string>();

  /** Remembers a call; the oldest is forgotten. */
  add({ id, invocationId }: OpenCall): void {
    this.#invocationIds.set(id, invocationId);
    if (this.#invocationIds.size <= maxRecentCalls) return;
    const [oldest] = this.#invocationIds.keys();
    if (oldest !== undefined) this.#invocationIds.delete(oldest);
  }

  invocationId(id: number): string | undefined {
    return this.#invocationIds.get(id);
  }
}

function clear(handle: NodeJS.Timeout | NodeJS.Immediate | undefined): void {
  if (!handle) return;
  if ("refresh" in handle) clearTimeout(handle);
  else clearImmediate(handle);
}
