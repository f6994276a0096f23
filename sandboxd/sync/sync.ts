/** Keeps this host current: one stream to the control plane, begun again whenever it is lost, until closed. */
import { ExponentialBackoff, fullJitterGenerator } from "cockatiel";
import { HeldState } from "../../proto/gen/annex/sync/v1/sync.ts";
import { type Applied, Changes } from "./changes.ts";
import type {
  HistoryPosition,
  SyncConfig,
  SyncDependencies,
} from "./dependencies.ts";
import { Lanes } from "./lanes.ts";
import { heldOf, quarantinedOf } from "./messages.ts";
import { Session, type SessionContext } from "./session.ts";
import { Warmth } from "./warmth.ts";

const firstDelayMs = 1_000;
const maxDelayMs = 30_000;
// A stream that held this long was not part of the trouble before it.
const healthyMs = 60_000;

/** How the stream fares. */
export interface SyncStatus {
  connected: boolean;
  /** Whether the present stream has brought the host to the control plane's latest. */
  caughtUp: boolean;
  position: HistoryPosition | undefined;
  /** Milliseconds since the control plane was last known to be there; unset where it never was. */
  stalenessMs: number | undefined;
  /** Why the last stream was lost. */
  lastError: string | undefined;
}

/** What the supervisor tells of a version. */
export interface HeldReport {
  container: string;
  extension: string;
  version: number;
  /** Whether an isolate is ready for the next call. */
  isWarm: boolean;
}

/** What this host tells of a version it has taken out of service. */
export interface QuarantineReport {
  container: string;
  extension: string;
  version: number;
  message: string;
}

/** The running stream. */
export interface Sync {
  status(): SyncStatus;
  /** Tells the control plane that a version became warm, or is no longer. */
  reportHeld(report: HeldReport): void;
  /** Tells the control plane of a version that the catalog has in quarantine from now on. */
  reportQuarantine(report: QuarantineReport): void;
  /** Ends the stream; resolves when nothing is being applied any more. */
  close(): Promise<void>;
}

/** Starts the stream; it needs no control plane to start. */
export function startSync(
  config: SyncConfig,
  dependencies: SyncDependencies,
): Sync {
  return new RunningSync(config, dependencies);
}

class RunningSync implements Sync {
  readonly #deps: SyncDependencies;
  readonly #context: SessionContext;
  readonly #warmth = new Warmth();
  readonly #lanes = new Lanes<Applied>();
  readonly #closing = new AbortController();
  readonly #backoff = new Backoff();
  readonly #ended: Promise<void>;
  #session: Session | undefined;
  #isCaughtUp = false;
  #connectedAtMs: number | undefined;
  #lastContactMs: number | undefined;
  #lastError: string | undefined;

  constructor(config: SyncConfig, dependencies: SyncDependencies) {
    this.#deps = dependencies;
    const changes = new Changes({
      ...dependencies,
      runtimes: config.runtimes,
      warmth: this.#warmth,
      signal: this.#closing.signal,
    });
    this.#context = {
      config,
      dependencies,
      changes,
      lanes: this.#lanes,
      warmth: this.#warmth,
      onContact: () => this.#onContact(),
      onCaughtUp: () => {
        this.#isCaughtUp = true;
        dependencies.caughtUp();
      },
      retryDelayMs: () => this.#nextDelayMs(),
    };
    this.#ended = this.#run();
  }

  status(): SyncStatus {
    const connected = this.#connectedAtMs !== undefined;
    return {
      connected,
      caughtUp: this.#isCaughtUp,
      position: this.#deps.catalog.position(),
      stalenessMs: connected ? 0 : this.#sinceContactMs(),
      lastError: this.#lastError,
    };
  }

  reportHeld(report: HeldReport): void {
    const { version, isWarm } = report;
    this.#warmth.note(report, version, isWarm);
    const state = isWarm ? HeldState.WARM : HeldState.COMPILED;
    if (this.#connectedAtMs === undefined) return; // the next Hello tells it
    // What is warm but does not serve yet must not count as taken: its own acknowledgement tells.
    if (!this.#isServing(report)) return;
    this.#session?.outbox.send({
      $case: "held",
      value: heldOf(report, version, state),
    });
  }

  reportQuarantine(report: QuarantineReport): void {
    const { version, message } = report;
    this.#session?.tell(quarantinedOf(report, version, message));
  }

  /** Whether it is what calls run: a quarantined version stays that, warm or not. */
  #isServing({ container, extension, version }: HeldReport): boolean {
    const { catalog } = this.#deps;
    const serving = catalog.extension(container, extension);
    return (
      serving?.version.number === version &&
      !catalog
        .quarantines(container, extension)
        .some((one) => one.version.digest === serving.version.digest)
    );
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#ended;
    await this.#lanes.settled();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const delayMs = await this.#runSession();
      if (delayMs === undefined || signal.aborted) continue;
      this.#deps.log.warn(
        { reason: this.#lastError, delayMs },
        "sync stream lost",
      );
      await this.#deps.sleep(delayMs, signal).catch(() => undefined); // closed meanwhile
    }
  }

  /** Runs one stream; gives how long to wait before the next, unset where it ended in order to begin again. */
  async #runSession(): Promise<number | undefined> {
    try {
      const connection = this.#deps.connect();
      const { signal } = this.#closing;
      this.#session = new Session(this.#context, connection, signal);
      await this.#session.run();
      return undefined;
    } catch (error) {
      this.#lastError = error instanceof Error ? error.message : String(error);
      return this.#nextDelayMs();
    } finally {
      if (this.#connectedAtMs !== undefined)
        this.#lastContactMs = this.#deps.now();
      this.#connectedAtMs = undefined;
      this.#isCaughtUp = false;
    }
  }

  #sinceContactMs(): number | undefined {
    if (this.#lastContactMs === undefined) return undefined;
    return this.#deps.now() - this.#lastContactMs;
  }

  #onContact(): void {
    this.#lastContactMs = this.#deps.now();
    if (this.#connectedAtMs !== undefined) return;
    this.#connectedAtMs = this.#lastContactMs;
    this.#deps.log.info({}, "sync stream established");
  }

  #nextDelayMs(): number {
    const since = this.#connectedAtMs;
    if (since !== undefined && this.#deps.now() - since >= healthyMs)
      this.#backoff.reset();
    return this.#backoff.next();
  }
}

/** Random delays, each from a span twice as long as the one before: hosts that were cut off together come back apart. */
class Backoff {
  readonly #factory = new ExponentialBackoff({
    initialDelay: firstDelayMs,
    maxDelay: maxDelayMs,
    generator: fullJitterGenerator,
  });
  #state = this.#factory.next();

  next(): number {
    const { duration } = this.#state;
    this.#state = this.#state.next(undefined);
    return duration;
  }

  reset(): void {
    this.#state = this.#factory.next();
  }
}
