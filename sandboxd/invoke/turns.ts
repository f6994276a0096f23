/**
 * Whose turn it is: of each container so many calls run at once and so many wait; of those that may run, all containers'
 * begin in turns, a few in each turn of the event loop, so that a burst of one delays no other. A call that finds nobody
 * before it begins at once, and pays for none of this.
 */
import type { CallFailure } from "../../proto/errors.ts";
import { overLimit } from "./admission.ts";

/** Of one container on this host. */
export interface TurnLimits {
  readonly maxRunningCalls: number;
  /** Calls that wait for their turn; more are refused. */
  readonly maxQueuedCalls: number;
}

/** Where a container's own limits are read; 0 means the host's default. */
export interface TurnLimitSource {
  containerSettings(
    container: string,
  ): { readonly limits: TurnLimits } | undefined;
}

/** How a call's wait ended: with its turn, with its time, or by its caller. */
export type EndOfWait = "turn" | "expired" | "given up";

/** Calls of a container that begin without a pause. */
const burst = 16;
/** Waiting calls, of all containers, that begin in one turn of the event loop: about half a millisecond of it. */
const beginsPerLoopTurn = 8;
/**
 * Of a container with more calls than may run, so many begin each time and no more, however fast they end: else it would
 * fill the loop, and the machine, for as long as its callers like.
 */
const crowdedBegins = 4;
const crowdedEveryMs = 1;

export class Turns {
  readonly #defaults: TurnLimits;
  readonly #source: TurnLimitSource;
  readonly #lines = new Map<string, Line>();
  /** Lines with something to do in the next round, the longest unserved first. */
  readonly #round = new Set<Line>();
  /** Lines whose crowd waits for its time, in none of the rounds before. */
  readonly #crowded = new Set<Line>();
  #isScheduled = false;

  constructor(defaults: TurnLimits, source: TurnLimitSource) {
    this.#defaults = defaults;
    this.#source = source;
  }

  /**
   * Asks for a turn: "turn" where it is there at once, a failure where the line is too long; else it waits until `dueAt`,
   * in milliseconds of performance.now(). `leave` must follow every turn, and nothing else.
   */
  take(
    container: string,
    dueAt: number,
    signal?: AbortSignal,
  ): "turn" | CallFailure | Promise<EndOfWait> {
    const line = this.#lineOf(container);
    const { maxRunningCalls, maxQueuedCalls } = this.#limitsOf(container);
    line.maxRunning = maxRunningCalls;
    const isOpen = line.running < maxRunningCalls;
    if (isOpen && line.waiting.size === 0 && line.begun < burst) {
      this.#begin(line);
      return "turn";
    }
    // Who waits only for a pause to end takes no place of those who wait for a call to end.
    const open = line.running + line.waiting.size;
    if (open >= maxRunningCalls + maxQueuedCalls) {
      this.#forgetIfIdle(line);
      return refusal(maxRunningCalls, maxQueuedCalls);
    }
    return this.#wait(line, dueAt, signal);
  }

  /** A call that had a turn has ended. */
  leave(container: string): void {
    const line = this.#lines.get(container);
    if (!line) return;
    line.running--;
    if (line.waiting.size > 0) this.#schedule(line);
    else this.#forgetIfIdle(line);
  }

  /** Calls that wait, of all containers. */
  get waitingCalls(): number {
    let count = 0;
    for (const { waiting } of this.#lines.values()) count += waiting.size;
    return count;
  }

  #limitsOf(container: string): TurnLimits {
    const own = this.#source.containerSettings(container)?.limits;
    if (!own) return this.#defaults;
    const { maxRunningCalls, maxQueuedCalls } = this.#defaults;
    return {
      maxRunningCalls: own.maxRunningCalls || maxRunningCalls,
      maxQueuedCalls: own.maxQueuedCalls || maxQueuedCalls,
    };
  }

  #lineOf(container: string): Line {
    const known = this.#lines.get(container);
    if (known) return known;
    const line: Line = {
      container,
      running: 0,
      maxRunning: 0,
      begun: 0,
      crowdBegun: 0,
      waiting: new Set(),
    };
    this.#lines.set(container, line);
    return line;
  }

  #begin(line: Line): void {
    line.running++;
    line.begun++;
    if (line.begun >= burst) this.#schedule(line);
  }

  #wait(
    line: Line,
    dueAt: number,
    signal: AbortSignal | undefined,
  ): Promise<EndOfWait> {
    return new Promise((resolve) => {
      const end = (how: EndOfWait): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", giveUp);
        line.waiting.delete(end);
        if (how !== "turn") this.#forgetIfIdle(line);
        resolve(how);
      };
      const giveUp = (): void => end("given up");
      const timer = setTimeout(() => end("expired"), dueAt - performance.now());
      signal?.addEventListener("abort", giveUp, { once: true });
      line.waiting.add(end);
      this.#schedule(line);
    });
  }

  #schedule(line: Line): void {
    if (this.#crowded.has(line)) return;
    this.#round.add(line);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#serve());
  }

  /** One waiting call of each line after the other; what is left over waits for the loop to come round again. */
  #serve(): void {
    this.#isScheduled = false;
    let begins = 0;
    for (const line of this.#round) {
      if (begins === beginsPerLoopTurn) break;
      this.#round.delete(line);
      const [next] = line.waiting;
      if (!next) {
        line.begun = 0;
        this.#forgetIfIdle(line);
      } else if (isCrowded(line) && line.crowdBegun >= crowdedBegins) {
        this.#holdBack(line);
      } else if (line.running < line.maxRunning) {
        begins++;
        line.running++;
        line.crowdBegun++;
        next("turn");
        this.#round.add(line); // behind the others
      }
    }
    const [first] = this.#round;
    if (first) this.#schedule(first);
  }

  #holdBack(line: Line): void {
    this.#crowded.add(line);
    setTimeout(() => {
      this.#crowded.delete(line);
      line.crowdBegun = 0;
      this.#schedule(line);
    }, crowdedEveryMs);
  }

  #forgetIfIdle(line: Line): void {
    const { container, running, waiting } = line;
    if (running > 0 || waiting.size > 0) return;
    if (this.#round.has(line) || this.#crowded.has(line)) return;
    this.#lines.delete(container);
  }
}

/** One container's calls. */
interface Line {
  container: string;
  running: number;
  maxRunning: number;
  /** Calls begun at once since the line was last found empty by a round. */
  begun: number;
  /** Waiting calls begun since it was last held back. */
  crowdBegun: number;
  /** In the order they came. */
  waiting: Set<(how: EndOfWait) => void>;
}

function isCrowded({ running, waiting, maxRunning }: Line): boolean {
  return running + waiting.size > maxRunning;
}

function refusal(running: number, queued: number): CallFailure {
  return queued === 0
    ? overLimit("concurrency", "running_calls", running, running + 1)
    : overLimit("concurrency", "queued_calls", queued, queued + 1);
}
