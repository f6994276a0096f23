/**
 * One executor process as the rest of sandboxd sees it: versions are loaded into it, calls run in it, it dies. Rights come
 * from the pipe a frame came on; a frame that breaks a bound or a shape ends the process.
 */
import type { LimitHit } from "../../proto/errors.ts";
import { maxEgressBodyBytes } from "../egress-bounds.ts";
import {
  encodeFrame,
  FrameReader,
  maxHeadBytes,
  type Frame,
} from "../frames.ts";
import type {
  DiscardedReply,
  ExecutorRequest,
  LoadFailure,
  StartRequest,
} from "../protocol.ts";
import {
  lostBesideAnother,
  type CallTraces,
  type ExecutorCall,
  type ExecutorOutcome,
  type GuestLogs,
  type LoadableVersion,
  type LostCause,
} from "./call.ts";
import { causeOf, failureOfLoad, suspectsOf, type Death } from "./death.ts";
import type { EgressGate } from "./egress.ts";
import { HangWatch } from "./hang-watch.ts";
import {
  HeldVersions,
  nameOf,
  type HeldVersion,
  type VersionName,
} from "./held-versions.ts";
import { maxHostPipeBytes, type HostPipes } from "./host-pipes.ts";
import type { Ending, ProcessLimits } from "./launcher.ts";
import { OpenCalls } from "./open-calls.ts";
import { OpenLoads, type LoadLimits } from "./open-loads.ts";
import type { BoundedProcess } from "./processes.ts";
import { costOfHead, readPaced } from "./paced-reading.ts";
import { PullWindow } from "./pull-window.ts";
import { Allowance } from "./quota.ts";
import { checkReply } from "./reply.ts";

export interface ExecutorEvents {
  /** The version has, or no longer has, an isolate ready here. */
  warmth: (version: VersionName, isWarm: boolean) => void;
  /** Lines that came after their invocation's end was told. Nobody listens yet. */
  loggedLate: (container: string, logs: GuestLogs) => void;
  /** Comes before the calls that were open are told. */
  exited: (death: Death) => void;
}

/** Beyond this much unsent on its pipe an executor takes no more calls. */
const maxPipeBytes = 32 * 1024 * 1024;
/** Calls an executor may have open, those its callers have given up and it has not yet ended included. */
const maxOpenCalls = 2048;
/** One that was taken for a call has it by then. */
const firstCallMs = 1000;

export class Executor {
  readonly pid: number;
  readonly #process: BoundedProcess;
  #events: ExecutorEvents = silence;
  readonly #now: () => number;
  readonly #reader: FrameReader;
  readonly #allowance: Allowance;
  readonly #versions = new HeldVersions();
  readonly #window: PullWindow;
  readonly #pipes: HostPipes;
  readonly #calls: OpenCalls;
  readonly #loads: OpenLoads;
  readonly #hangs: HangWatch;
  readonly #ready: Promise<void>;
  #settleReady: (error?: Error) => void = () => undefined;
  #nextId = 1;
  /** Why we killed it. */
  #killed: { cause: LostCause; how: string; atMs: number } | undefined;
  #isGone = false;
  #assignedMs: number;
  #lastUsedMs: number;

  constructor(options: {
    process: BoundedProcess;
    start: StartRequest;
    gate: EgressGate;
    /** Of all executors together. */
    pipes: HostPipes;
    now: () => number;
  }) {
    const { process, start, gate, pipes, now } = options;
    this.#process = process;
    this.#now = now;
    this.pid = process.pid;
    this.#reader = new FrameReader(maxHeadBytes, longestFrame(start));
    this.#allowance = new Allowance(now);
    this.#hangs = new HangWatch(now);
    this.#loads = new OpenLoads((head, body) => this.#send(head, body));
    this.#pipes = pipes;
    this.#window = new PullWindow(process.pipe, pipes);
    this.#calls = new OpenCalls({
      bounds: start,
      window: this.#window,
      gate,
      allowance: this.#allowance,
      now,
      send: (head, body) => this.#send(head, body),
      loggedLate: (container, logs) => this.#events.loggedLate(container, logs),
      ended: () => {
        this.#lastUsedMs = now();
      },
    });
    this.#assignedMs = this.#lastUsedMs = now();
    this.#ready = new Promise((resolve, reject) => {
      this.#settleReady = (error) => (error ? reject(error) : resolve());
    });
    this.#ready.catch(() => undefined); // whoever waits for it sees it
    readPaced(process.pipe, now, (chunk) => this.#receive(chunk));
    void process.exited.then((ending) => this.#exited(ending));
    this.#send(start);
  }

  /** Resolves when it has an isolate in hand; rejects if it exits before. */
  ready(): Promise<void> {
    return this.#ready;
  }

  /** Resolves when the process is gone. */
  async exited(): Promise<void> {
    await this.#process.exited;
  }

  /** Says who wants to know what happens to it from now on. */
  assign(events: ExecutorEvents): void {
    this.#events = events;
    this.#assignedMs = this.#lastUsedMs = this.#now();
  }

  /** Changes what it may use; false where the host has not so much memory, and nothing was changed. */
  confine(limits: ProcessLimits): boolean {
    return this.#process.confine(limits);
  }

  /** What it may use of the host's memory. */
  get memoryMb(): number {
    return this.#process.memoryMb;
  }

  /** Since when it belongs to somebody. */
  get assignedMs(): number {
    return this.#assignedMs;
  }

  get isAlive(): boolean {
    return !this.#isGone && this.#killed === undefined;
  }

  /** Calls sent and not yet ended, cancelled ones included. */
  get openCalls(): number {
    return this.#calls.size;
  }

  /** Those of a container. */
  openCallsOf(container: string): number {
    let count = 0;
    for (const held of this.#versions.all())
      if (held.container === container) count += held.openCalls;
    return count;
  }

  /** Since when, by the clock handed in, it has had nothing to do. */
  get lastUsedMs(): number {
    return this.#lastUsedMs;
  }

  /** Whether it runs or loads something. */
  get isBusy(): boolean {
    return this.#calls.size > 0 || this.#versions.isLoading;
  }

  /** Whether it may be ended for another's sake: one that was just taken for a call is about to have it. */
  get isIdle(): boolean {
    if (!this.isAlive || this.isBusy) return false;
    const isUnused = this.#lastUsedMs === this.#assignedMs;
    return !isUnused || this.#now() - this.#assignedMs > firstCallMs;
  }

  /** Whether calls wait in it: it has some, and has not been heard of for a while. */
  get isStalled(): boolean {
    return this.#calls.size > 0 && this.#hangs.isStalled;
  }

  /** Why it can take no more calls; undefined while it can. */
  get fullness(): LimitHit | undefined {
    const open = this.#calls.size;
    if (open >= maxOpenCalls)
      return {
        name: "open_calls_per_executor",
        value: maxOpenCalls,
        observed: open + 1,
      };
    const { unsentBytes: observed } = this.#window;
    if (observed > maxPipeBytes)
      return { name: "pipe_bytes", value: maxPipeBytes, observed };
    const sum = this.#pipes.overflow(this.#window);
    if (sum === undefined) return undefined;
    return { name: "host_pipe_bytes", value: maxHostPipeBytes, observed: sum };
  }

  isWarm(version: VersionName): boolean {
    return this.#versions.get(nameOf(version))?.isReady ?? false;
  }

  /** How long a loaded version took to compile. */
  compileUs(version: VersionName): number {
    return this.#versions.get(nameOf(version))?.compileUs ?? 0;
  }

  /** What it has ready and what it is loading, in the order they were loaded. */
  versions(): readonly Readonly<HeldVersion>[] {
    return this.#versions.all();
  }

  /** Loads a version unless it is there; resolves with why it could not be. */
  load(
    version: LoadableVersion,
    limits: LoadLimits,
  ): Promise<LoadFailure | undefined> {
    const known = this.#versions.get(nameOf(version));
    if (known) return known.loading;
    this.#begin();
    const held = this.#versions.add(version, this.#now());
    held.loading = this.#load(version, held, limits).then((failure) => {
      if (failure) this.#forget(held);
      else if (this.#versions.get(held.name) === held) {
        held.isReady = true;
        this.#events.warmth(held, true);
      }
      return failure;
    });
    held.loading.catch(() => this.#forget(held));
    return held.loading;
  }

  /** Runs a loaded version; the outcome always comes, at once when `signal` gives the call up. */
  run(
    version: LoadableVersion,
    call: ExecutorCall,
    signal?: AbortSignal,
  ): Promise<ExecutorOutcome> {
    if (signal?.aborted) return Promise.resolve(cancelledBefore);
    const held = this.#versions.get(nameOf(version));
    if (!held?.isReady || this.#isGone) return Promise.resolve(displacedBefore);
    this.#begin();
    this.#refresh(version, held);
    return this.#calls.open(this.#nextId++, { held, call }, signal);
  }

  /** Lets a version's isolate go, unless something uses it. */
  unload(version: VersionName): void {
    const held = this.#versions.get(nameOf(version));
    if (!held?.isReady || held.openCalls > 0) return;
    this.#forget(held);
    this.#send({ type: "unload", version: held.name });
  }

  /** Tells the callers whose time is over, and kills the process if it hangs. */
  enforceTime(): void {
    this.#calls.expire(this.#now());
    const open = [...this.#calls.all(), ...this.#loads.all()];
    const how = this.#hangs.findHang(open, this.#lastUsedMs);
    if (how !== undefined) this.kill("overdue", how);
  }

  /** Ends the process at once; its open calls end as lost. `how` is for the log. */
  kill(cause: LostCause, how: string = cause): void {
    this.#killed ??= { cause, how, atMs: this.#now() };
    this.#process.kill();
  }

  #begin(): void {
    if (!this.isBusy) this.#hangs.heard();
  }

  #refresh(version: LoadableVersion, held: HeldVersion): void {
    if (held.secrets === version.secrets && held.meta === version.meta) return;
    const { secrets, meta } = version;
    held.secrets = secrets;
    held.meta = meta;
    this.#send({ type: "update", version: held.name, secrets, meta });
  }

  async #load(
    version: LoadableVersion,
    held: HeldVersion,
    limits: LoadLimits,
  ): Promise<LoadFailure | undefined> {
    const bundle = await version.read();
    if (this.#isGone) return lostBesideAnother;
    const request = { id: this.#nextId++, version, held };
    const nowMs = this.#now();
    return await this.#loads.open(request, bundle, { ...limits, nowMs });
  }

  #send(head: ExecutorRequest, body?: Uint8Array): void {
    if (!this.#isGone) this.#process.pipe.write(encodeFrame(head, body));
  }

  /** Gives what it cost beside its bytes. */
  #receive(chunk: Buffer): number {
    // What was sent before it is known to be broken is all that counts.
    if (this.#killed) return 0;
    this.#hangs.received(chunk.length);
    let cost = 0;
    try {
      for (const frame of this.#reader.push(chunk)) {
        this.#hangs.heard();
        cost += costOfHead(frame.headBytes);
        this.#take(frame);
      }
    } catch (error) {
      this.kill("protocol", `broke the protocol: ${String(error)}`);
    }
    return cost;
  }

  #take(frame: Frame): void {
    const reply = checkReply(frame.head);
    if (
      frame.body.length > 0 &&
      reply.type !== "answered" &&
      reply.type !== "egress" &&
      reply.type !== "egress-connect" &&
      reply.type !== "egress-write" &&
      reply.type !== "egress-upgrade"
    )
      throw new Error("a body where none belongs");
    switch (reply.type) {
      case "ready":
        this.#allowance.spend(frame.bytes);
        return this.#settleReady();
      case "loaded":
        if (!this.#loads.loaded(reply)) this.#allowance.spend(frame.bytes);
        return;
      case "settled":
        if (!this.#loads.settled(reply)) this.#allowance.spend(frame.bytes);
        return;
      case "discarded":
        return this.#discarded(reply, frame);
      case "answered":
      case "failed":
      case "displaced":
      case "cancelled":
      case "logged":
      case "egress":
      case "egress-connect":
      case "egress-lookup":
      case "egress-write":
      case "egress-finish":
      case "egress-upgrade":
      case "egress-pull":
      case "egress-abort":
        return this.#calls.take(reply, frame);
    }
  }

  #discarded({ version }: DiscardedReply, frame: Frame): void {
    const held = this.#versions.get(version);
    if (held?.isReady) this.#forget(held);
    else this.#allowance.spend(frame.bytes);
  }

  #forget(held: HeldVersion): void {
    if (!this.#versions.remove(held)) return;
    if (held.isReady) this.#events.warmth(held, false);
    held.isReady = false;
  }

  #exited(ending: Ending): void {
    this.#isGone = true;
    this.#window.close();
    const cause = this.#killed?.cause ?? causeOf(ending);
    const how = this.#killed ? this.#killed.how : ending.how;
    const nowMs = this.#killed?.atMs ?? this.#now();
    this.#settleReady(new Error(`executor ${ending.how}`));
    const calls = this.#calls.takeAll();
    const loads = this.#loads.takeAll();
    const { heardMs } = this.#hangs;
    const death = { cause, nowMs, heardMs };
    const suspects = suspectsOf([...calls, ...loads], death);
    for (const held of this.#versions.all()) this.#forget(held);
    this.#events.exited({ pid: this.pid, cause, how, suspects });
    const isToBlameFor = ({ held }: { held: HeldVersion }) =>
      suspects.every(({ name }) => name === held.name);
    for (const load of loads) {
      const isToBlame = isToBlameFor(load);
      load.settle(failureOfLoad(load, { cause, nowMs, isToBlame }));
    }
    const { memoryMb } = this.#process;
    for (const open of calls) {
      const { effects } = open;
      const isToBlame = isToBlameFor(open);
      const end = { cause, effects, isToBlame, memoryMb, ...open.end() };
      this.#calls.tell(open, { kind: "lost", ...end });
    }
  }
}

function longestFrame({ maxResultBytes }: StartRequest): number {
  return Math.max(maxResultBytes, maxEgressBodyBytes) + maxHeadBytes;
}

const nothingLeft: CallTraces = {
  logs: undefined,
  egress: [],
  egressCounts: {},
};
const cancelledBefore: ExecutorOutcome = { kind: "cancelled", ...nothingLeft };
const displacedBefore: ExecutorOutcome = {
  kind: "displaced",
  effects: 0,
  ...nothingLeft,
};

const silence: ExecutorEvents = {
  warmth: () => undefined,
  loggedLate: () => undefined,
  exited: () => undefined,
};
