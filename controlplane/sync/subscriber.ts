/**
 * One host's stream. It keeps the set of names that are not what the host was last sent, and reads what is true when it
 * sends: what changes ten times while the host is slow is sent once.
 */
import { EventEmitter, once } from "node:events";
import { AnnexError } from "../../proto/errors.ts";
import { traceHeadersOf } from "../../proto/rpc/trace.ts";
import type {
  Ack,
  Held,
  Hello,
  Position as WirePosition,
  Refusal,
  SyncRequest,
  SyncResponse,
} from "../../proto/gen/annex/sync/v1/sync.ts";
import { egressFor } from "../domain/egress.ts";
import type { Change, Position, Resource } from "../domain/history.ts";
import type { HostVersion } from "../domain/host.ts";
import type { Fleet, Introduction, Membership } from "./fleet.ts";
import {
  filterOf,
  hostRefusalOf,
  hostVersionOf,
  introductionOf,
  positionOf,
} from "./hello.ts";
import { HeldBundles } from "./held-bundles.ts";
import { InFlight, startPushSpan, type Push } from "./in-flight.ts";
import { byRank, Pending } from "./pending.ts";
import { preparePush, type NextPush, type PushSource } from "./push.ts";
import type { ResourceStore } from "./resources.ts";

/** What a stream asks of the store. */
export interface SyncStore extends ResourceStore {
  changes: {
    parentHistoryId(): Promise<string | undefined>;
    read(
      since: Position | undefined,
      filter: (resource: Resource) => boolean,
    ): Promise<{ position: Position; resync: boolean; changes: Change[] }>;
    onChange(listener: () => void): () => void;
  };
}

/** What every stream shares. */
export interface SubscriberDeps extends PushSource {
  store: SyncStore;
  fleet: Fleet;
  /** Vouches for a history towards hosts that know another. */
  signHistory: (
    position: Position,
    parentHistoryId: string | undefined,
  ) => Promise<string>;
  log: SyncLog;
  /** Counts a change that a host did not take. */
  countRefusal: (reason: string) => void;
}

/** What a stream has to say. */
export interface SyncLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** One call of Sync. */
export interface SyncCall {
  hello: Hello;
  /** What follows Hello. */
  requests: AsyncIterator<SyncRequest>;
  signal: AbortSignal;
  /** Throws where the host's token has become void. */
  stillWelcome(): Promise<void>;
}

/** Serves one host until it leaves, the signal says so, or another stream takes its name. */
export class Subscriber {
  readonly #deps: SubscriberDeps;
  readonly #call: SyncCall;
  readonly #host: Introduction;
  readonly #membership: Membership;
  readonly #held: HeldBundles;
  readonly #source: PushSource;
  readonly #inFlight = new InFlight();
  readonly #pending = new Pending();
  readonly #wakes = new EventEmitter<{ wake: [] }>();
  /** Up to here the names have been gathered. */
  #position: Position | undefined;
  #isStale = true;
  #owesCaughtUp = false;
  /** Of the last CaughtUp. */
  #said: Position | undefined;
  #end: { fault?: unknown } | undefined;

  constructor(deps: SubscriberDeps, call: SyncCall) {
    this.#deps = deps;
    this.#call = call;
    this.#host = introductionOf(call.hello);
    this.#held = new HeldBundles(this.#host.held);
    this.#source = { ...deps, store: storeFor(this.#host, deps.store) };
    this.#membership = deps.fleet.join(this.#host, (fault) =>
      this.#stop({ fault }),
    );
  }

  /** Everything the host is to be sent. */
  async *run(): AsyncGenerator<SyncResponse> {
    const { store, log } = this.#deps;
    const host = this.#host.name;
    const ignore = store.changes.onChange(() => this.#markStale());
    void this.#listen();
    log.info({ host, release: this.#host.release }, "host joined");
    try {
      yield await this.#welcome();
      yield* this.#serve();
    } finally {
      ignore();
      this.#inFlight.end();
      this.#membership.leave();
      log.info({ host }, "host left");
    }
  }

  async *#serve(): AsyncGenerator<SyncResponse> {
    const { signal } = this.#call;
    for (;;) {
      // Listen, then look: what wakes us while we work must not be lost.
      const woken = once(this.#wakes, "wake", { signal });
      woken.catch(() => {}); // awaited below, unless we end before
      if (this.#end?.fault) throw this.#end.fault;
      if (this.#end) return;
      if (this.#isStale) await this.#gather();
      yield* this.#push();
      yield* this.#sayCaughtUp();
      await woken;
    }
  }

  async #welcome(): Promise<SyncResponse> {
    const { store, signHistory } = this.#deps;
    const known = positionOf(this.#call.hello);
    this.#isStale = false;
    const { position, resync, changes } = await store.changes.read(
      known,
      filterOf(this.#host.subscription),
    );
    this.#note(position, changes);
    if (known?.historyId === position.historyId)
      for (const held of this.#host.held) this.#membership.tell(held);
    else this.#held.distrust();
    const isOther = known && known.historyId !== position.historyId;
    const historyToken = isOther
      ? await signHistory(position, await store.changes.parentHistoryId())
      : "";
    const { historyId } = position;
    const value = { historyId, resync, historyToken };
    return { message: { $case: "welcome", value } };
  }

  /** Names what changed since the last look. */
  async #gather(): Promise<void> {
    this.#isStale = false;
    const { position, resync, changes } = await this.#deps.store.changes.read(
      this.#position,
      filterOf(this.#host.subscription),
    );
    if (resync)
      throw new AnnexError(
        "unavailable",
        "the history was compacted past this stream; join again",
      );
    if (changes.some(({ resource }) => concernsTokens(resource)))
      await this.#call.stillWelcome();
    this.#note(position, changes);
  }

  #note(position: Position, changes: Change[]): void {
    this.#position = position;
    this.#owesCaughtUp = true;
    for (const change of changes.toSorted(byRank)) this.#pending.add(change);
  }

  async *#push(): AsyncGenerator<SyncResponse> {
    while (!this.#end) {
      const next = this.#pending.next(this.#inFlight);
      if (!next) return;
      yield* this.#pushOne(next);
      // What has changed meanwhile may be more urgent than what is left; the wake for it has been given.
      if (this.#isStale) return;
    }
  }

  async *#pushOne(next: NextPush): AsyncGenerator<SyncResponse> {
    const { change } = next;
    const position = this.#position && wirePositionOf(this.#position);
    const prepared = await preparePush(this.#source, this.#held, next);
    if (!prepared) return this.#pending.hold(change);
    const { chunks, resource, state, hasBundle } = prepared;
    for (const value of chunks)
      yield { message: { $case: "bundleChunk", value } };
    const span = startPushSpan(change, this.#host.name);
    const push = { change, state, hasBundle, span };
    const { nonce } = this.#inFlight.add(push);
    const traceparent = traceHeadersOf(span)["traceparent"] ?? "";
    const value = { nonce, position, traceparent, resource };
    yield { message: { $case: "change", value } };
  }

  *#sayCaughtUp(): Generator<SyncResponse> {
    const position = this.#position;
    if (!position || !this.#owesCaughtUp || this.#pending.size > 0) return;
    this.#owesCaughtUp = false;
    this.#said = position;
    this.#membership.caughtUp();
    this.#noteReached();
    const value = { position: wirePositionOf(position) };
    yield { message: { $case: "caughtUp", value } };
  }

  /** Hears the host until it stops talking. */
  async #listen(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#call.requests.next();
        if (done) return this.#stop({});
        this.#hear(value);
      }
    } catch (fault) {
      this.#stop({ fault });
    }
  }

  #hear({ message }: SyncRequest): void {
    switch (message?.$case) {
      case "ack":
        return this.#acknowledge(message.value);
      case "held": {
        const held = hostVersionOf(message.value);
        if (held) this.#membership.tell(held);
        if (held?.state === "quarantined") this.#logQuarantine(held);
        return;
      }
      case "hello":
        throw new AnnexError("invalid", "Hello comes first, and once");
      case undefined:
        return; // of a later protocol
    }
  }

  #logQuarantine({ container, extension, version }: HostVersion): void {
    const fields = { host: this.#host.name, container, extension, version };
    this.#deps.log.warn(fields, "host quarantined");
  }

  #acknowledge({ nonce, refusal, held }: Ack): void {
    const push = this.#inFlight.take(nonce, refusal);
    if (!push) return; // stale
    if (refusal) this.#noteRefusal(push, refusal);
    else this.#noteApplied(push, held);
    this.#noteReached();
    this.#wakes.emit("wake");
  }

  #noteApplied({ change, state }: Push, held: Held | undefined): void {
    const { resource } = change;
    if (resource.kind !== "extension") return;
    if (!state) return this.#membership.forget(resource);
    this.#membership.released(resource, state.quarantineReleases);
    // A host says nothing of a change that a later one has overtaken.
    const told = held && hostVersionOf(held);
    if (told) this.#membership.tell(told);
  }

  /** Not sent again until the resource changes, but for a bundle that we took the host to have. */
  #noteRefusal(push: Push, refusal: Refusal): void {
    const { change, state, hasBundle } = push;
    if (state && refusal.reason === "digest" && !hasBundle) {
      this.#held.forget(state);
      if (!this.#pending.has(change.name)) this.#pending.add(change);
      this.#owesCaughtUp = true;
      return;
    }
    const { reason, message } = hostRefusalOf(refusal);
    // Not the message: it is the guest's.
    const fields = { host: this.#host.name, resource: change.name, reason };
    this.#deps.log.warn(fields, "host refused");
    this.#deps.countRefusal(reason);
    if (!state) return;
    this.#membership.tell({
      container: state.container,
      extension: state.extension,
      version: state.version.number,
      state: "refused",
      refusal: { reason, message },
    });
  }

  /** With every change answered the host has what it was last told to have. */
  #noteReached(): void {
    if (this.#said && this.#inFlight.size === 0)
      this.#membership.reached(this.#said.revision);
  }

  #markStale(): void {
    this.#isStale = true;
    this.#wakes.emit("wake");
  }

  #stop(end: { fault?: unknown }): void {
    this.#end ??= end;
    this.#wakes.emit("wake");
  }
}

/** The store as far as it concerns a host. */
function storeFor(
  { subscription }: Introduction,
  store: ResourceStore,
): ResourceStore {
  const readState = async () =>
    egressFor(subscription, await store.egress.readState());
  return { ...store, egress: { readState } };
}

function concernsTokens({ kind }: Resource): boolean {
  return kind === "keys" || kind === "revocations";
}

function wirePositionOf({ historyId, revision }: Position): WirePosition {
  return { historyId, revision: BigInt(revision) };
}
