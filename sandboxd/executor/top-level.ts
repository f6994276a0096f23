/** What is known of a version's top level, from its first slice until nothing of it goes on. */
import type { LoadFailure } from "../protocol.ts";
import type { PayloadForm } from "./bridge.ts";
import { lateTopLevel, noModule, unsettledTopLevel } from "./failures.ts";

/** How a load went: a version, or why there is none. */
export interface LoadOutcome {
  failure?: LoadFailure;
  compileUs: number;
  evaluateUs: number;
  /** No timer of the top level goes on. */
  isSettled: boolean;
}

export interface TopLevelParts {
  /** Of the call that evaluates it. */
  id: number;
  compileUs: number;
  /** The longest it may await. */
  timeoutMs: number;
  tell: (outcome: LoadOutcome) => void;
}

export class TopLevel {
  readonly id: number;
  /** How the exported function takes its payload; undefined: nothing is exported yet. */
  payloadForm: PayloadForm | undefined;
  /** It waits for something. */
  isAwaiting = false;
  readonly #parts: TopLevelParts;
  readonly #startMs = performance.now();
  #failure: LoadFailure | undefined;
  #isTold = false;
  #deadline: NodeJS.Timeout | undefined;

  constructor(parts: TopLevelParts) {
    this.id = parts.id;
    this.#parts = parts;
  }

  get isLoaded(): boolean {
    return this.payloadForm !== undefined;
  }

  /** Whether the answer to the load has been given; what ends after that has to be told. */
  get isTold(): boolean {
    return this.#isTold;
  }

  fail(failure: LoadFailure): void {
    this.#failure = failure;
  }

  /** After each slice: tells how the load went, once that is known. `isOver`: nothing of it goes on. */
  settle(isOver: boolean): void {
    if (this.#isTold) return;
    const waits = !this.#failure && !this.isLoaded && this.isAwaiting;
    if (waits && !isOver) return;
    this.#isTold = true;
    clearTimeout(this.#deadline);
    const failure = this.#failureNow();
    const elapsedMs = performance.now() - this.#startMs;
    this.#parts.tell({
      ...(failure && { failure }),
      compileUs: this.#parts.compileUs,
      evaluateUs: Math.round(elapsedMs * 1000),
      isSettled: isOver,
    });
  }

  /** Has `expire` called when it has awaited for too long; it has failed then. */
  watch(expire: () => void): void {
    if (this.#isTold) return;
    const { timeoutMs } = this.#parts;
    const elapsedMs = performance.now() - this.#startMs;
    this.#deadline = setTimeout(
      () => {
        this.fail(lateTopLevel(timeoutMs, performance.now() - this.#startMs));
        expire();
      },
      Math.max(0, timeoutMs - elapsedMs),
    );
  }

  /** Why there is no version. Neither loaded nor failed: the source closed the function it is wrapped in, and is no module. */
  #failureNow(): LoadFailure | undefined {
    if (this.#failure || this.isLoaded) return this.#failure;
    return this.isAwaiting ? unsettledTopLevel : noModule;
  }
}
