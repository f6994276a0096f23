/**
 * One executor process as the rest of sandboxd sees it: versions are loaded into it, calls run in it, it dies. Rights come
 * from the pipe a frame came on; a frame that breaks a bound or a shape ends the process.
 */
import type { LimitHit } from "../../proto/errors.ts";
import { encodeFrame, FrameReader, type Frame } from "../frames.ts";
import type {
  ExecutorRequest,
  LoadedReply,
  LoadFailure,
  LoggedReply,
  StartRequest,
} from "../protocol.ts";
import {
  expiredFailure,
  hungWhileLoading,
  lostWhileLoading,
  type ExecutorCall,
  type ExecutorOutcome,
  type GuestLogs,
  type LoadableVersion,
  type LostCause,
} from "./call.ts";
import {
  HeldVersions,
  type HeldVersion,
  type ReadyVersion,
} from "./held-versions.ts";
import type { LaunchedProcess } from "./launcher.ts";
import { checkReply } from "./reply.ts";

export interface ExecutorEvents {
  /** The version has, or no longer has, an isolate ready here. */
  warmth: (version: string, isWarm: boolean) => void;
  /** Lines that came after their invocation's answer. */
  loggedLate: (logs: GuestLogs) => void;
  exited: (ending: string, cause: LostCause) => void;
}

/** Beyond this much unsent on its pipe an executor takes no more calls. */
const maxPipeBytes = 32 * 1024 * 1024;
/** Calls an executor may have open, those its callers have given up and it has not yet ended included. */
const maxOpenCalls = 2048;
/** How long after its wall time a call may wait for the executor's own word before its caller is told. */
const expiryGraceMs = 50;
/** How much longer than its slices an executor with something past its time may be silent before it is killed. */
const silenceGraceMs = 500;
/** Silent for longer with a call open, an executor is taken to be busy with one of them. */
const stalledMs = 20;

interface OpenCall {
  call: ExecutorCall;
  held: HeldVersion;
  /** When its wall time is over. */
  dueMs: number;
  /** The longest it may run without the executor being heard of. */
  sliceMs: number;
  /** Its caller has been told; it stays open until the executor says that it no longer runs. */
  isCancelled: boolean;
  logs: GuestLogs | undefined;
  settle: (outcome: ExecutorOutcome) => void;
}

interface OpenLoad {
  held: HeldVersion;
  dueMs: number;
  sliceMs: number;
  settle: (failure: LoadFailure | undefined) => void;
}

export class Executor {
  readonly pid: number;
  readonly #process: LaunchedProcess;
  #events: ExecutorEvents = silence;
  readonly #now: () => number;
  readonly #maxResultBytes: number;
  readonly #reader = new FrameReader();
  readonly #versions = new HeldVersions();
  readonly #calls = new Map<number, OpenCall>();
  readonly #loads = new Map<number, OpenLoad>();
  readonly #ready: Promise<void>;
  #settleReady: (error?: Error) => void = () => undefined;
  #nextId = 1;
  #cause: LostCause | undefined;
  #isGone = false;
  #assignedMs: number;
  #lastUsedMs: number;
  #lastHeardMs: number;

  constructor(options: {
    process: LaunchedProcess;
    start: StartRequest;
    now: () => number;
  }) {
    this.#process = options.process;
    this.#now = options.now;
    this.pid = options.process.pid;
    this.#maxResultBytes = options.start.maxResultBytes;
    this.#assignedMs = this.#lastUsedMs = this.#lastHeardMs = options.now();
    this.#ready = new Promise((resolve, reject) => {
      this.#settleReady = (error) => (error ? reject(error) : resolve());
    });
    this.#ready.catch(() => undefined); // whoever waits for it sees it
    options.process.pipe.on("data", (chunk: Buffer) => this.#receive(chunk));
    void options.process.exited.then(({ how }) => this.#exited(how));
    this.#send(options.start);
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

  /** Since when it belongs to somebody. */
  get assignedMs(): number {
    return this.#assignedMs;
  }

  get isAlive(): boolean {
    return !this.#isGone && this.#cause === undefined;
  }

  /** Calls sent and not yet ended, cancelled ones included. */
  get openCalls(): number {
    return this.#calls.size;
  }

  /** Since when, by the clock handed in, it has had nothing to do. */
  get lastUsedMs(): number {
    return this.#lastUsedMs;
  }

  /** Whether it runs or loads something. */
  get isBusy(): boolean {
    return this.#calls.size > 0 || this.#versions.isLoading;
  }

  /** Whether calls wait in it: it has some, and has not been heard of for a while. */
  get isStalled(): boolean {
    return this.#calls.size > 0 && this.#silentMs > stalledMs;
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
    const unsent = this.#process.pipe.writableLength;
    if (unsent <= maxPipeBytes) return undefined;
    return { name: "pipe_bytes", value: maxPipeBytes, observed: unsent };
  }

  isWarm(version: string): boolean {
    return this.#versions.get(version)?.isReady ?? false;
  }

  /** How long a loaded version took to compile. */
  compileUs(version: string): number {
    return this.#versions.get(version)?.compileUs ?? 0;
  }

  /** The keys, of this prefix, that are loaded or being loaded. */
  held(prefix: string): string[] {
    return this.#versions.keys(prefix);
  }

  /** The versions that are ready in it, in the order they were loaded. */
  versions(): ReadyVersion[] {
    return this.#versions.ready();
  }

  /** Loads a version unless it is there; resolves with why it could not be. */
  load(
    version: LoadableVersion,
    timeoutMs: number,
  ): Promise<LoadFailure | undefined> {
    const known = this.#versions.get(version.key);
    if (known) return known.loading;
    this.#begin();
    const held = this.#versions.add(version, this.#now());
    held.loading = this.#load(version, held, timeoutMs).then((failure) => {
      if (failure) this.#forget(version.key, held);
      else if (this.#versions.get(version.key) === held) {
        held.isReady = true;
        this.#events.warmth(version.key, true);
      }
      return failure;
    });
    held.loading.catch(() => this.#forget(version.key, held));
    return held.loading;
  }

  /** Runs a loaded version; the outcome always comes, at once when `signal` gives the call up. */
  run(
    version: LoadableVersion,
    call: ExecutorCall,
    signal?: AbortSignal,
  ): Promise<ExecutorOutcome> {
    if (signal?.aborted) return Promise.resolve({ kind: "cancelled" });
    const held = this.#versions.get(version.key);
    if (!held?.isReady || this.#isGone)
      return Promise.resolve({ kind: "displaced", effects: 0 });
    this.#begin();
    this.#refresh(version, held);
    const id = this.#nextId++;
    const { payload, ...head } = call;
    this.#send({ type: "invoke", id, version: version.key, ...head }, payload);
    held.openCalls++;
    held.lastCalledMs = this.#now();
    return new Promise((settle) => {
      this.#calls.set(id, {
        call,
        held,
        settle,
        dueMs: this.#now() + call.wallMs,
        sliceMs: Math.min(call.wallMs, call.syncMs),
        isCancelled: false,
        logs: undefined,
      });
      signal?.addEventListener("abort", () => this.#cancel(id), { once: true });
    });
  }

  unload(version: string): void {
    const held = this.#versions.get(version);
    if (!held?.isReady || held.openCalls > 0) return;
    this.#forget(version, held);
    this.#send({ type: "unload", version });
  }

  /**
   * Tells the callers whose time is over, and kills the process if it is hung: something is past its time, and the process
   * has been silent for longer than any slice may last. What merely waits behind another's slice does not hang.
   */
  enforceTime(): void {
    const now = this.#now();
    for (const [id, open] of this.#calls)
      if (open.dueMs + expiryGraceMs < now) this.#expire(id, open);
    const open = [...this.#calls.values(), ...this.#loads.values()];
    if (!open.some(({ dueMs }) => dueMs + silenceGraceMs < now)) return;
    const longestSliceMs = Math.max(...open.map(({ sliceMs }) => sliceMs));
    if (this.#silentMs > longestSliceMs + silenceGraceMs) this.kill("overdue");
  }

  /** Ends the process at once; its open calls end as lost. */
  kill(cause: LostCause): void {
    this.#cause ??= cause;
    this.#process.kill();
  }

  get #silentMs(): number {
    return this.#now() - this.#lastHeardMs;
  }

  /** From an idle process nothing was to be heard. */
  #begin(): void {
    if (!this.isBusy) this.#lastHeardMs = this.#now();
  }

  #expire(id: number, open: OpenCall): void {
    if (open.isCancelled) return;
    const { call, logs } = open;
    open.settle({
      kind: "failed",
      failure: expiredFailure(call, call.wallMs),
      runUs: 0,
      logs,
    });
    this.#abandon(id, open);
  }

  #refresh(version: LoadableVersion, held: HeldVersion): void {
    if (held.secrets === version.secrets && held.meta === version.meta) return;
    const { secrets, meta } = version;
    held.secrets = secrets;
    held.meta = meta;
    this.#send({ type: "update", version: version.key, secrets, meta });
  }

  async #load(
    version: LoadableVersion,
    held: HeldVersion,
    timeoutMs: number,
  ): Promise<LoadFailure | undefined> {
    const { content, bundleBytes } = await version.read();
    if (this.#isGone) return lostWhileLoading;
    const id = this.#nextId++;
    const { key, container, fileName, secrets, meta } = version;
    return new Promise((settle) => {
      this.#loads.set(id, {
        held,
        settle,
        dueMs: this.#now() + timeoutMs,
        sliceMs: timeoutMs,
      });
      this.#send(
        {
          type: "load",
          id,
          version: key,
          bundleBytes,
          fileName,
          container,
          secrets,
          meta,
          timeoutMs,
        },
        content,
      );
    });
  }

  #cancel(id: number): void {
    const open = this.#calls.get(id);
    if (!open || open.isCancelled) return;
    open.settle({ kind: "cancelled" });
    this.#abandon(id, open);
  }

  /** It stays open until the executor says that it no longer runs. */
  #abandon(id: number, open: OpenCall): void {
    open.isCancelled = true;
    this.#send({ type: "cancel", id });
  }

  #send(head: ExecutorRequest, body?: Uint8Array): void {
    if (!this.#isGone) this.#process.pipe.write(encodeFrame(head, body));
  }

  #receive(chunk: Buffer): void {
    this.#lastHeardMs = this.#now();
    try {
      for (const frame of this.#reader.push(chunk)) this.#take(frame);
    } catch {
      this.kill("protocol");
    }
  }

  #take(frame: Frame): void {
    const reply = checkReply(frame.head);
    switch (reply.type) {
      case "ready":
        return this.#settleReady();
      case "loaded":
        return this.#loaded(reply);
      case "answered":
        if (frame.body.length > this.#maxResultBytes)
          throw new Error("a result over its bound");
        return this.#settle(reply.id, {
          kind: "answered",
          payload: frame.body,
          contentType: reply.contentType,
          httpStatus: reply.httpStatus,
          headers: reply.headers,
          runUs: reply.runUs,
          logs: this.#calls.get(reply.id)?.logs,
        });
      case "failed":
        return this.#settle(reply.id, {
          kind: "failed",
          failure: reply.failure,
          runUs: reply.runUs,
          logs: this.#calls.get(reply.id)?.logs,
        });
      case "displaced":
        return this.#settle(reply.id, {
          kind: "displaced",
          effects: reply.effects,
        });
      case "cancelled":
        return this.#settle(reply.id, { kind: "cancelled" });
      case "discarded":
        return this.#forget(reply.version, this.#versions.get(reply.version));
      case "logged":
        return this.#logged(reply);
    }
  }

  #loaded({ id, failure, compileUs }: LoadedReply): void {
    const open = this.#loads.get(id);
    if (!open) return;
    this.#loads.delete(id);
    open.held.compileUs = compileUs;
    open.settle(failure);
  }

  #settle(id: number, outcome: ExecutorOutcome): void {
    const open = this.#calls.get(id);
    if (!open) return;
    this.#calls.delete(id);
    open.held.openCalls--;
    this.#lastUsedMs = open.held.lastUsedMs = this.#now();
    open.settle(outcome);
  }

  #logged({ id, version, invocationId, lines, dropped }: LoggedReply): void {
    const logs = { version, invocationId, lines, dropped };
    const open = this.#calls.get(id);
    if (open) open.logs = logs;
    else this.#events.loggedLate(logs);
  }

  #forget(version: string, held: HeldVersion | undefined): void {
    if (!held || !this.#versions.remove(version, held)) return;
    if (held.isReady) this.#events.warmth(version, false);
    held.isReady = false;
  }

  #exited(ending: string): void {
    this.#isGone = true;
    const cause = this.#cause ?? "exited";
    this.#settleReady(new Error(`executor ${ending}`));
    const now = this.#now();
    for (const [version, held] of this.#versions.entries())
      this.#forget(version, held);
    for (const { settle, dueMs, sliceMs } of this.#loads.values())
      settle(dueMs < now ? hungWhileLoading(sliceMs) : lostWhileLoading);
    for (const { settle } of this.#calls.values())
      settle({ kind: "lost", cause });
    this.#loads.clear();
    this.#calls.clear();
    this.#events.exited(ending, cause);
  }
}

const silence: ExecutorEvents = {
  warmth: () => undefined,
  loggedLate: () => undefined,
  exited: () => undefined,
};
