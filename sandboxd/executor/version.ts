/**
 * A loaded version: its isolate and the calls open in it. Entries are synchronous and timed; between them the calls wait
 * for their timers and their requests outward. After a limit was hit the isolate is gone, and with it every call that waited in it.
 */
import type { CallFailure } from "../../proto/errors.ts";
import { maxEgressBodyBytes } from "../egress-bounds.ts";
import { hostClockMs } from "../host-clock.ts";
import type {
  InvokeRequest,
  LoadFailure,
  LoadRequest,
  UpdateRequest,
} from "../protocol.ts";
import { answerOf, bounded, failureOf } from "./answers.ts";
import { readDrained, type GuestItem, type GuestResult } from "./bridge.ts";
import { OpenCall, threadCpuUs, type CallLimits } from "./call.ts";
import { CallLogs } from "./call-logs.ts";
import { CallExchanges } from "./exchanges.ts";
import { brokenBounds, memoryFailure, undrained } from "./failures.ts";
import type { Entered, GuestIsolate, Unhandled } from "./isolate.ts";
import type { Reply } from "./main.ts";
import type { EgressNews } from "./outward.ts";
import type { Pace } from "./pace.ts";
import { runtimeRequest } from "./request.ts";
import { ticksLeft } from "./runtime/ticks.ts";
import type { SourcePlaces } from "./stack.ts";
import { TopLevel, type LoadOutcome } from "./top-level.ts";

export interface VersionParts {
  places: SourcePlaces;
  isolate: GuestIsolate;
  limits: VersionLimits;
  /** Of the process. */
  pace: Pace;
  reply: Reply;
}

export interface VersionLimits extends CallLimits {
  heapLimitMb: number;
  maxResultBytes: number;
  maxOpenEgress: number;
}

/** How an entry and its ticks ended; `said` is undefined where the isolate could not be asked. */
type Ran =
  | { kind: "returned"; said: string | undefined }
  | Extract<Entered, { kind: "timeout" | "lost" }>;

/** Entries that only tidy up run no guest code: the time is for a machine that stalls. */
const tidyTimeoutMs = 10_000;

export class GuestVersion {
  readonly name: string;
  readonly #isolate: GuestIsolate;
  readonly #limits: VersionLimits;
  readonly #pace: Pace;
  readonly #reply: Reply;
  readonly #calls = new Map<number, OpenCall>();
  readonly #places: SourcePlaces;
  readonly #logs: CallLogs;
  #topLevel: TopLevel | undefined;

  constructor(
    name: string,
    { places, isolate, limits, pace, reply }: VersionParts,
  ) {
    this.name = name;
    this.#places = places;
    this.#isolate = isolate;
    this.#limits = limits;
    this.#pace = pace;
    this.#reply = reply;
    this.#logs = new CallLogs({ version: name, places, reply });
  }

  get isLost(): boolean {
    return this.#isolate.isLost;
  }

  /**
   * Compiles a bundle and evaluates its top level; `tell` has the outcome at once, or when the top level is done with what it
   * awaits. After a failure the version is of no use.
   */
  load(
    request: LoadRequest,
    source: string,
    tell: (outcome: LoadOutcome) => void,
  ): void {
    const { fileName, timeoutMs } = request;
    const startMs = performance.now();
    this.#isolate.readStacksBy((stack) => this.#places.asRead(stack));
    const script = this.#isolate.compile(withoutShebang(source), fileName);
    const compileUs = Math.round((performance.now() - startMs) * 1000);
    const topLevel = new TopLevel({
      id: request.id,
      compileUs,
      timeoutMs,
      tell,
    });
    this.#topLevel = topLevel;
    if ("line" in script) {
      const { message, line, column } = script;
      const place = this.#places.original(line, column);
      topLevel.fail({ reason: "syntax", message, ...place });
      topLevel.settle(true);
      return;
    }
    this.configure(request);
    if (this.isLost) {
      topLevel.fail(memoryFailure(this.#limits.heapLimitMb));
      topLevel.settle(true);
      return;
    }
    const call = this.#openTopLevel(request);
    this.#enter(call, (sliceMs) =>
      this.#isolate.load(script, call.id, fileName, sliceMs),
    );
    if (!this.#calls.has(call.id)) return;
    call.watchWall(() => this.#close(call));
    topLevel.watch(() => {
      this.#close(call);
      topLevel.settle(true);
    });
  }

  /** Sets the secrets and meta of calls to come. */
  configure({ secrets, meta }: Pick<UpdateRequest, "secrets" | "meta">): void {
    this.#tidy("configure", [JSON.stringify(secrets), JSON.stringify(meta)]);
  }

  /** Runs the exported function; the answer is replied when it is there. */
  invoke(request: InvokeRequest, payload: Buffer): void {
    const { id } = request;
    const call = new OpenCall(id, request, this.#limits);
    const form = this.#topLevel?.payloadForm ?? "none";
    const { head, body } = runtimeRequest(request, payload, {
      form,
      wallMs: call.wallLeftMs,
    });
    this.#calls.set(id, call);
    this.#enter(call, (sliceMs) =>
      this.#isolate.enter("invoke", [id, head, body], sliceMs),
    );
    if (this.#calls.has(id)) call.watchWall(() => this.#expire(call));
  }

  /** Gives up a call. False if none of that id is open. */
  cancel(id: number): boolean {
    const call = this.#calls.get(id);
    if (!call) return false;
    this.#close(call);
    this.#reply({ type: "cancelled", id });
    return true;
  }

  /** Passes on what came of a request outward. False if no call of that id is open. */
  takeEgress(news: EgressNews, body: Buffer): boolean {
    const call = this.#calls.get(news.id);
    call?.exchanges?.take(news, body);
    return call !== undefined;
  }

  /** Ends what is open inside and out, without a word, and leaves the isolate to another. */
  handOver(): GuestIsolate {
    for (const call of this.#calls.values()) this.#close(call);
    return this.#isolate;
  }

  /** Lets the isolate go; whatever call was open in it is replied as displaced. */
  dispose(): void {
    const open = [...this.#calls.values()];
    this.#calls.clear();
    this.#isolate.dispose();
    for (const call of open) {
      call.end();
      if (!this.#isTopLevel(call)) this.#displace(call);
      else if (this.#topLevel?.isTold) this.#tellSettled();
      else this.#topLevel?.settle(true);
    }
  }

  #openTopLevel({ id, timeoutMs, timersMs }: LoadRequest): OpenCall {
    const terms = {
      invocationId: "",
      sentMs: hostClockMs(),
      wallMs: timeoutMs + timersMs,
      wallClock: "wall_time" as const,
      syncMs: timeoutMs,
      cpuMs: Infinity,
    };
    const call = new OpenCall(id, terms, this.#limits);
    this.#calls.set(id, call);
    return call;
  }

  #isTopLevel({ id }: OpenCall): boolean {
    return id === this.#topLevel?.id;
  }

  #displace({ id, effects }: OpenCall): void {
    this.#reply({ type: "displaced", id, effects });
  }

  #enter(call: OpenCall, entry: (sliceMs: number) => Entered): void {
    this.#slice(call, entry);
    if (this.#isTopLevel(call))
      this.#topLevel?.settle(!this.#calls.has(call.id));
  }

  #slice(call: OpenCall, entry: (sliceMs: number) => Entered): void {
    const slice = call.slice(this.#pace);
    if (slice.ms <= 0) {
      this.#expire(call);
      return;
    }
    const startMs = performance.now();
    const startCpuUs = threadCpuUs();
    const ran = this.#run(call, entry, slice.ms);
    const endCpuUs = threadCpuUs();
    const ranMs = performance.now() - startMs;
    call.cpuUs += endCpuUs - startCpuUs;
    this.#pace.learn((endCpuUs - startCpuUs) / 1000, ranMs);
    switch (ran.kind) {
      case "timeout": {
        const failure = call.sliceFailure(slice, ranMs);
        if (failure) this.#discard(call, failure);
        else this.#lose();
        return;
      }
      case "lost":
        this.#discard(call, memoryFailure(this.#limits.heapLimitMb));
        return;
      case "returned":
        this.#settle(call, ran.said, endCpuUs);
    }
  }

  /** One entry, and one more each time ticks are left; they share its time. Gives what the isolate says first after it. */
  #run(
    call: OpenCall,
    entry: (sliceMs: number) => Entered,
    sliceMs: number,
  ): Ran {
    const countedMs = () => performance.now() - this.#isolate.loadingMs;
    const endMs = countedMs() + sliceMs;
    let entered = entry(sliceMs);
    for (;;) {
      if (entered.kind === "timeout" || entered.kind === "lost") return entered;
      const leftMs = endMs - countedMs();
      if (entered.kind === "unhandled") {
        if (leftMs <= 0) return { kind: "timeout" };
        entered = this.#tellUnhandled(call, entered, leftMs);
        continue;
      }
      const said = this.#isolate.drain();
      if (said !== ticksLeft) return { kind: "returned", said };
      if (leftMs <= 0) return { kind: "timeout" };
      entered = this.#isolate.enter("runTicks", [], leftMs);
    }
  }

  /** To the guest where it listens, else to its log; what that entry leaves unhandled is told in its turn. */
  #tellUnhandled(
    call: OpenCall,
    unhandled: Unhandled,
    leftMs: number,
  ): Entered {
    const told = this.#isolate.reject(call.id, unhandled, leftMs);
    if (!told.isTaken) this.#logs.addUnhandled(call, unhandled);
    return told.entered;
  }

  /** After a slice that returned: takes what the call says, and looks at its CPU time, which the taking is part of. */
  #settle(
    call: OpenCall,
    said: string | undefined,
    sliceEndCpuUs: number,
  ): void {
    this.#collect(call, said);
    if (!this.#calls.has(call.id)) return;
    call.cpuUs += threadCpuUs() - sliceEndCpuUs;
    if (call.isCpuSpent) {
      this.#giveUp(call, call.cpuFailure());
      return;
    }
    call.exchanges?.flush();
    this.#tellWaiting(call);
    // A top level without timers is woken by nothing.
    if (this.#isTopLevel(call) && !call.hasTimers) this.#close(call);
  }

  /** Takes everything out of the isolate's outbox; `said` came first. */
  #collect(call: OpenCall, said: string | undefined): void {
    for (let text = said; ; text = this.#isolate.drain()) {
      if (text === undefined) {
        const { isFull } = this.#isolate;
        this.#discard(
          call,
          isFull ? memoryFailure(this.#limits.heapLimitMb) : undrained,
        );
        return;
      }
      if (text === "") return;
      const drained = readDrained(text);
      if (!drained) {
        this.#discard(call, brokenBounds);
        return;
      }
      for (const item of drained.items) this.#take(item);
      if (!drained.hasMore || this.isLost) return;
    }
  }

  #take(item: GuestItem): void {
    const call = this.#calls.get(item.call);
    // The rest of what an answered call says is nobody's, but for its log.
    if (!call) {
      if (item.kind === "log") this.#logs.sendLate(item.call, item.line);
      return;
    }
    // A call over its limit gets nothing more done, and no answer; its log is kept.
    if (call.isCpuSpent && item.kind !== "log" && item.kind !== "dropped")
      return;
    switch (item.kind) {
      case "loaded":
        if (this.#topLevel) this.#topLevel.payloadForm = item.payload;
        return;
      case "awaits":
        if (this.#topLevel) this.#topLevel.isAwaiting = true;
        return;
      case "timer":
        this.#startTimer(call, item.timer, item.delayMs);
        return;
      case "clear":
        call.clearTimer(item.timer);
        return;
      case "egress":
      case "connect":
      case "lookup":
        // The runtime keeps the same bounds and would have refused; so for the timers below.
        if (!call.countHostCall() || !this.#exchangesOf(call).open(item))
          this.#discard(call, brokenBounds);
        return;
      case "write":
      case "finish":
      case "upgrade":
      case "read":
      case "abort":
        if (call.exchanges?.ask(item) === false)
          this.#discard(call, brokenBounds);
        return;
      case "log":
        this.#logs.add(call, item.line);
        return;
      case "dropped":
        call.dropped += item.lines;
        return;
      case "result":
        this.#answer(call, item);
        return;
      case "failure":
        this.#fail(call, {
          ...failureOf(item, this.#places, this.#limits.maxResultBytes),
          ...(this.#isTopLevel(call) && this.#places.first(item.stack)),
        });
    }
  }

  #startTimer(call: OpenCall, timer: number, delayMs: number): void {
    const fire = () =>
      this.#enter(call, (sliceMs) =>
        this.#isolate.enter("resume", [call.id, timer], sliceMs),
      );
    if (!call.startTimer(timer, delayMs, fire))
      this.#discard(call, brokenBounds);
  }

  #exchangesOf(call: OpenCall): CallExchanges {
    const { maxOpenEgress, maxResultBytes } = this.#limits;
    return (call.exchanges ??= new CallExchanges({
      id: call.id,
      reply: this.#reply,
      tell: (egress, news, text) =>
        this.#enter(call, (sliceMs) =>
          this.#isolate.enter("egress", [call.id, egress, news, text], sliceMs),
        ),
      // A top level belongs to no invocation.
      maxOpen: this.#isTopLevel(call) ? 0 : maxOpenEgress,
      maxBodyBytes: Math.min(maxResultBytes, maxEgressBodyBytes),
    }));
  }

  #answer(call: OpenCall, result: GuestResult): void {
    const answer = answerOf(call, result, this.#limits.maxResultBytes);
    if ("reason" in answer) {
      this.#fail(call, answer);
      return;
    }
    this.#end(call);
    this.#reply(answer, result.body);
  }

  #fail(call: OpenCall, failure: LoadFailure): void {
    if (this.#isTopLevel(call)) {
      this.#failTopLevel(call, bounded(failure));
      return;
    }
    const { id, runUs } = call;
    this.#end(call);
    this.#reply({ type: "failed", id, failure: bounded(failure), runUs });
  }

  /** A top level that fails after it was loaded, by a timer of its own, says so in the log. */
  #failTopLevel(call: OpenCall, failure: LoadFailure): void {
    if (!this.#topLevel?.isLoaded) this.#topLevel?.fail(failure);
    else
      call.log({ level: "error", timeMs: Date.now(), text: failure.message });
    this.#end(call);
  }

  /** A call whose wall time is over while it waits: nothing runs, so the isolate may stay. */
  #expire(call: OpenCall): void {
    this.#giveUp(call, call.wallFailure());
  }

  /** Fails a call that does not run now. */
  #giveUp(call: OpenCall, failure: CallFailure): void {
    this.#fail(call, failure);
    this.#tidy("close", [call.id]);
  }

  /** Ends a call inside as well as out. */
  #close(call: OpenCall): void {
    this.#end(call);
    this.#tidy("close", [call.id]);
  }

  #tidy(entry: "configure" | "close", parameters: (string | number)[]): void {
    if (this.isLost) return;
    this.#isolate.enter(entry, parameters, tidyTimeoutMs);
    if (this.isLost) this.#lose();
  }

  /** Ends a call outside; its log goes before its answer. */
  #end(call: OpenCall): void {
    if (!this.#calls.delete(call.id)) return;
    call.end();
    this.#logs.end(call);
    if (this.#isTopLevel(call)) this.#tellSettled();
  }

  #tellSettled(): void {
    if (this.#topLevel?.isTold)
      this.#reply({ type: "settled", id: this.#topLevel.id });
  }

  /** The first time an invocation waits it says so, with or without lines: what runs after it is known not to be it. */
  #tellWaiting(call: OpenCall): void {
    if (call.hasWaited || this.#isTopLevel(call)) this.#logs.flush(call);
    else this.#logs.send(call);
    call.hasWaited = true;
  }

  /** After a limit the isolate is never entered again: what it was doing might go on. */
  #discard(guilty: OpenCall, failure: CallFailure): void {
    this.#fail(guilty, failure);
    this.#lose();
  }

  #lose(): void {
    this.dispose();
    if (this.#topLevel?.isLoaded)
      this.#reply({ type: "discarded", version: this.name });
  }
}

/** The parser knows `#!` only at the very start of a file. */
function withoutShebang(source: string): string {
  return source.startsWith("#!") ? `//${source.slice(2)}` : source;
}
