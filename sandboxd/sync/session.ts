/** One stream to the control plane, from Hello to its end. */
import { AnnexError } from "../../proto/errors.ts";
import {
  type CaughtUp,
  type Change,
  type ExtensionState,
  type Held,
  type Hello,
  HeldState,
  type Position,
  type SyncResponse,
  type Version,
  type Welcome,
} from "../../proto/gen/annex/sync/v1/sync.ts";
import type { Applied, Arrival, Changes } from "./changes.ts";
import type {
  SyncConfig,
  SyncConnection,
  SyncDependencies,
} from "./dependencies.ts";
import { passing } from "./faults.ts";
import type { Lanes } from "./lanes.ts";
import { heldOf, quarantinedOf, resourceKeyOf } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { Progress } from "./progress.ts";
import { Stores } from "./stores.ts";
import { Told } from "./told.ts";
import type { Warmth } from "./warmth.ts";

// Versions that served until a moment ago stay for the roll-back, but not without end.
const collectAfterStores = 64;
const nothing = Buffer.alloc(0);

/** What outlives a stream. */
export interface SessionContext {
  config: SyncConfig;
  dependencies: SyncDependencies;
  changes: Changes;
  /** Work of an earlier stream may still run in them; what comes now waits behind it. */
  lanes: Lanes<Applied>;
  warmth: Warmth;
  /** Called at every message. */
  onContact: () => void;
  onCaughtUp: () => void;
  /** How long to wait before asking again for what could not be kept. */
  retryDelayMs: () => number;
}

/** A stream; `run` it once. */
export class Session {
  readonly outbox = new Outbox(() => this.#progress.lose());
  readonly #context: SessionContext;
  readonly #connection: SyncConnection;
  readonly #stores: Stores;
  /** Aborted to begin another stream. */
  readonly #again = new AbortController();
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  readonly #told: Told;
  readonly #progress: Progress;
  #historyId: string | undefined;
  #isResync = false;

  constructor(
    context: SessionContext,
    connection: SyncConnection,
    signal: AbortSignal,
  ) {
    this.#context = context;
    this.#connection = connection;
    this.#stores = new Stores(context.dependencies.catalog);
    this.#told = new Told(context.dependencies.catalog);
    this.#signal = AbortSignal.any([
      signal,
      this.#again.signal,
      this.#ended.signal,
    ]);
    this.#progress = new Progress({
      ...context,
      onCaughtUp: () => this.#onCaughtUp(),
      endStream: () => this.#again.abort(),
      signal: this.#signal,
    });
  }

  /** Resolves when the stream has ended in order to begin another at once; rejects when it was lost. */
  async run(): Promise<void> {
    const { catalog } = this.#context.dependencies;
    const ignoreDamage = catalog.onDamage(() => this.#progress.lose());
    try {
      await catalog.collectBundles();
      this.outbox.send({ $case: "hello", value: this.#hello() });
      await this.#read();
      throw new AnnexError("unavailable", "the control plane ended the stream");
    } catch (error) {
      if (!this.#again.signal.aborted) throw error;
    } finally {
      this.#ended.abort();
      ignoreDamage();
      this.outbox.end();
      this.#connection.close();
    }
  }

  /** Tells what changed by itself. Before the Welcome it would be taken for older than Hello, which tells it too, or is told again. */
  tell(held: Held): void {
    if (this.#historyId !== undefined)
      this.outbox.send({ $case: "held", value: held });
  }

  async #read(): Promise<void> {
    const responses = this.#connection.client.sync(this.outbox.requests, {
      signal: this.#signal,
    });
    for await (const response of responses) {
      this.#context.onContact();
      await this.#receive(response);
      await this.outbox.drained(this.#signal);
    }
  }

  #hello(): Hello {
    const { config, dependencies, warmth } = this.#context;
    const { host, instance, subscription, runUrl, release } = config;
    const { walls, limits } = config;
    const held = dependencies.catalog
      .held()
      .map(({ refusal, quarantine, version, ...names }) => {
        if (refusal) return heldOf(names, version, HeldState.REFUSED, refusal);
        if (quarantine !== undefined)
          return quarantinedOf(names, version, quarantine);
        return heldOf(names, version, warmth.stateOf(names, version));
      });
    const position = dependencies.catalog.position();
    const runtimes = [...config.runtimes];
    return {
      host,
      instance,
      subscription,
      runtimes,
      position,
      held,
      runUrl,
      release,
      walls,
      limits,
    };
  }

  async #receive({ message }: SyncResponse): Promise<void> {
    if ((message?.$case === "welcome") === (this.#historyId !== undefined))
      throw new AnnexError("invalid", "Welcome is due first, and only first");
    switch (message?.$case) {
      case "welcome":
        return this.#welcome(message.value);
      case "bundleChunk":
        return this.#stores.addChunk(message.value);
      case "change":
        return this.#change(message.value);
      case "caughtUp":
        return this.#caughtUp(message.value);
      case undefined:
      default: // of a newer control plane
    }
  }

  async #welcome(welcome: Welcome): Promise<void> {
    const { catalog, verifyHistory, log } = this.#context.dependencies;
    const followed = catalog.position()?.historyId;
    const { historyId, historyToken } = welcome;
    if (followed !== undefined && followed !== historyId) {
      const signed = await verifyHistory(historyToken).catch(() => undefined);
      if (signed !== historyId || !welcome.resync) {
        log.error({ followed, historyId }, "unsigned history refused");
        throw new AnnexError(
          "denied",
          `history ${historyId} is not signed as the successor of ${followed}`,
        );
      }
      log.warn({ followed, historyId }, "following a new history");
    }
    // A host without a position is told everything: what it has kept of an interrupted first sync may be gone since.
    this.#isResync = welcome.resync || followed === undefined;
    this.#historyId = historyId;
    if (followed === historyId) this.#tellQuarantines();
  }

  /** What was quarantined since Hello. Of another history a number may name another build. */
  #tellQuarantines(): void {
    const { catalog } = this.#context.dependencies;
    for (const { quarantine, version, ...names } of catalog.held())
      if (quarantine !== undefined)
        this.tell(quarantinedOf(names, version, quarantine));
  }

  async #change(change: Change): Promise<void> {
    const { nonce, resource } = change;
    const position = this.#checkPosition(change.position);
    const key = resourceKeyOf(change) ?? "unknown";
    const isStale = this.#isStale(key, position, resource);
    this.#told.note(key, position.revision);
    if (isStale) return this.#ack(nonce, {});
    if (resource?.$case !== "extension" || !resource.value.version) {
      const storeFault = Promise.resolve(undefined);
      this.#submit(nonce, key, change, { position, storeFault });
      return;
    }
    const { catalog } = this.#context.dependencies;
    const state = resource.value;
    const { version } = resource.value;
    const release = catalog.retainBundle(version.digest);
    await this.#stores.room();
    const storeFault = this.#stores.store(version);
    void storeFault.then(() => this.#tellStored(state, version));
    const light = { ...change, resource: withoutBundle(state, version) };
    this.#submit(nonce, key, light, { position, storeFault }, release);
  }

  /** Queues a change behind what is under way for the same resource, and answers for it when it has been applied. */
  #submit(
    nonce: string,
    key: string,
    change: Change,
    arrival: Arrival,
    release: () => void = () => undefined,
  ): void {
    const { changes } = this.#context;
    const conclude = async (): Promise<void> => {
      const applied = await this.#inLane(key, () =>
        changes.apply(change, arrival),
      );
      this.#ack(nonce, applied);
      release();
    };
    this.#progress.track(conclude());
  }

  /** Does work in its resource's lane; nothing where later work took its place, which then answers for both. */
  async #inLane(
    key: string,
    work: () => Promise<Applied>,
  ): Promise<Partial<Applied>> {
    const { lanes, dependencies } = this.#context;
    try {
      const turn = await lanes.submit(key, work);
      if (!turn.ran) return {};
      this.#progress.note(key, turn.result.isDurable);
      return turn.result;
    } catch (error) {
      dependencies.log.error({ err: error, key }, "change cannot be applied");
      this.#progress.note(key, false);
      return passing("internal", "internal error; the host's log has it");
    }
  }

  #ack(nonce: string, { refusal, held }: Partial<Applied>): void {
    this.outbox.send({ $case: "ack", value: { nonce, refusal, held } });
  }

  /** Tells that a version is on disk, long before its check has ended. */
  #tellStored(state: ExtensionState, version: Version): void {
    const { catalog } = this.#context.dependencies;
    const serving = catalog.extension(state.container, state.extension);
    if (serving?.version.digest === version.digest) return;
    if (!catalog.hasBundle(version.digest)) return;
    const held = heldOf(state, version.number, HeldState.STORED);
    this.outbox.send({ $case: "held", value: held });
  }

  #checkPosition(position: Position | undefined): Position {
    if (position?.historyId === this.#historyId && position) return position;
    throw new AnnexError(
      "invalid",
      `the position is not of history ${this.#historyId}`,
    );
  }

  /** A host never goes backwards: what was read earlier than what it knows is left aside. */
  #isStale(
    key: string,
    position: Position,
    resource: Change["resource"],
  ): boolean {
    const names =
      resource?.$case === "extension" || resource?.$case === "removedExtension"
        ? resource.value
        : undefined;
    return this.#told.isStale(key, position, {
      names,
      isResync: this.#isResync,
    });
  }

  #caughtUp(caughtUp: CaughtUp): void {
    const position = this.#checkPosition(caughtUp.position);
    if (this.#isBehind(position)) return;
    if (this.#isResync) this.#dropUntold();
    this.#isResync = false;
    this.#progress.caughtUp(position);
  }

  /** A control plane that has lost a part of its own history cannot take this host back with it. */
  #isBehind({ historyId, revision }: Position): boolean {
    const { catalog, log } = this.#context.dependencies;
    const current = catalog.position();
    if (current?.historyId !== historyId || revision >= current.revision)
      return false;
    log.error(
      { current: `${current.revision}`, told: `${revision}` },
      "control plane is behind",
    );
    return true;
  }

  /** After a resync nothing is left that it did not name. */
  #dropUntold(): void {
    const { changes } = this.#context;
    const drop = (key: string, work: () => Promise<Applied>): void =>
      this.#progress.track(this.#inLane(key, work).then(() => undefined));
    this.#told.dropRest({
      extension: (key, container, name) =>
        drop(key, () => changes.removeExtension(container, name)),
      container: (key, name) => drop(key, () => changes.removeContainer(name)),
      point: (key, name) => drop(key, () => changes.removePoint(name)),
      egress: (key) => drop(key, () => changes.removeEgress()),
    });
  }

  async #onCaughtUp(): Promise<void> {
    this.#context.onCaughtUp();
    if (this.#stores.count < collectAfterStores) return;
    this.#stores.count = 0;
    await this.#context.dependencies.catalog.collectBundles();
  }
}

/** The change without code, which must not wait in memory for the version's turn. */
function withoutBundle(
  state: ExtensionState,
  version: Version,
): Change["resource"] {
  const bundleBytes = BigInt(version.bundle.length) || version.bundleBytes;
  const light = {
    ...version,
    bundleBytes,
    bundle: nothing,
    sourceMap: nothing,
  };
  return { $case: "extension", value: { ...state, version: light } };
}
