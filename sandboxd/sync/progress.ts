/**
 * How far a stream has brought the host. The position is kept only when everything before it is; what could not be kept
 * makes the host ask again, after a while.
 */
import type { HistoryPosition, SyncDependencies } from "./dependencies.ts";

interface ProgressContext {
  dependencies: Pick<SyncDependencies, "catalog" | "sleep" | "log">;
  /** How long to wait before asking again for what could not be kept. */
  retryDelayMs: () => number;
  /** Called when the host has everything, and a restart would find it. */
  onCaughtUp: () => Promise<void>;
  /** Ends the stream in order to begin another. */
  endStream: () => void;
  signal: AbortSignal;
}

/** The progress of one stream. */
export class Progress {
  readonly #context: ProgressContext;
  readonly #underWay = new Set<Promise<void>>();
  /** Resources that were told and are not kept. */
  readonly #unkept = new Set<string>();
  /** Something was lost that this stream will not make good. */
  #hasLoss = false;
  #isAsking = false;
  #caughtUpTo: HistoryPosition | undefined;
  #positions: Promise<void> = Promise.resolve();

  constructor(context: ProgressContext) {
    this.#context = context;
  }

  /** Work that must end before a position told later is kept; it must not reject. */
  track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  /** Notes whether what was told of a resource would survive a restart. */
  note(key: string, isKept: boolean): void {
    if (isKept) this.#unkept.delete(key);
    else this.#unkept.add(key);
  }

  /** Notes that another stream is needed. */
  lose(): void {
    this.#hasLoss = true;
    this.#askAgain();
  }

  /** Keeps the position once everything told so far has been applied or refused. */
  caughtUp(position: HistoryPosition): void {
    const before = [...this.#underWay];
    this.#inTurn(async () => {
      await Promise.all(before);
      await this.#advance(position);
    });
  }

  /** One position after the other, so that none overtakes. */
  #inTurn(work: () => Promise<void>): void {
    this.#positions = this.#positions.then(work).catch((error: unknown) => {
      const { log } = this.#context.dependencies;
      log.error({ err: error }, "position cannot be kept");
    });
  }

  async #advance(position: HistoryPosition): Promise<void> {
    const { dependencies, onCaughtUp, signal } = this.#context;
    if (signal.aborted) return; // the next stream has a word of its own
    this.#caughtUpTo = position;
    if (this.#hasLoss || this.#unkept.size > 0) return this.#askAgain();
    try {
      await dependencies.catalog.setPosition(position);
    } catch {
      return this.#askAgain(); // the catalog's status has the reason
    }
    await onCaughtUp();
  }

  #askAgain(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const { dependencies, retryDelayMs, signal } = this.#context;
    void dependencies.sleep(retryDelayMs(), signal).then(
      () => this.#retry(),
      () => undefined, // the stream has ended otherwise
    );
  }

  /** What is still not kept is told again on another stream; else only the position is to be written. */
  #retry(): void {
    this.#isAsking = false;
    const position = this.#caughtUpTo;
    if (!position || this.#hasLoss || this.#unkept.size > 0)
      return this.#context.endStream();
    this.#inTurn(() => this.#advance(position));
  }
}
