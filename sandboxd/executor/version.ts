/**
 * A loaded version: its isolate and the calls open in it. Entries are synchronous and timed; between them the calls wait
 * for their timers and their requests outward. After a limit was hit the isolate is gone, and with it every call that waited in it.
 */
import type { CallFailure } from "../../proto/errors.ts";
import { isHeadWithinBounds } from "../frames.ts";
import { hostClockMs } from "../host-clock.ts";
import type {
  AnsweredReply,
  InvokeRequest,
  LoadFailure,
  LoadRequest,
  LogLine,
  UpdateRequest,
} from "../protocol.ts";
import {
  readDrained,
  type GuestFailure,
  type GuestItem,
  type GuestResult,
  type PayloadForm,
} from "./bridge.ts";
import { OpenCall, RecentCalls, threadCpuUs, type CallLimits } from "./call.ts";
import { CallExchanges } from "./exchanges.ts";
import {
  brokenBounds,
  memoryFailure,
  resultSizeFailure,
  headerSizeFailure,
  noModule,
  unsettledTopLevel,
  undrained,
} from "./failures.ts";
import { portionsOf } from "./log-frames.ts";
import type { Entered, GuestIsolate } from "./isolate.ts";
import type { Reply } from "./main.ts";
import type { EgressNews } from "./outward.ts";
import type { Pace } from "./pace.ts";
import { runtimeRequest } from "./request.ts";
import { headerCostChars, maxEgressBodyBytes } from "./runtime/fetch/bounds.ts";
import { SourcePlaces } from "./stack.ts";

export interface VersionParts {
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

/** How a load went: a version, or why there is none. */
export interface LoadOutcome {
  failure?: LoadFailure;
  compileUs: number;
  evaluateUs: number;
  /** No timer of the top level goes on. */
  isSettled: boolean;
}

/** Entries that only tidy up run no guest code: the time is for a machine that stalls. */
const tidyTimeoutMs = 10_000;

/** Of an answer: content type, names and values. */
const maxAnswerHeaderChars = 64 * 1024;
/** However they are escaped, a head can hold so many. */
const plainHeaderChars = 16 * 1024;
/** Of a failure's message, and of its stack with the author's names in it: what no failure should need, and a head can hold. */
const maxMessageChars = 8 * 1024;
const maxStackChars = 8 * 1024;
const maxUnhandledChars = 1000;
/** What `process.exit` throws, so that nothing after it runs; runtime/process.ts has the words. */
const exitWordsPattern =
  /^process\.exit\(-?\d+\) ended the invocation before it answered$/;

export class GuestVersion {
  readonly name: string;
  readonly #isolate: GuestIsolate;
  readonly #limits: VersionLimits;
  readonly #pace: Pace;
  readonly #reply: Reply;
  readonly #calls = new Map<number, OpenCall>();
  readonly #answered = new RecentCalls();
  #places: SourcePlaces;
  #payloadForm: PayloadForm | undefined;
  #loadFailure: LoadFailure | undefined;
  #loadCall: number | undefined;
  #isLoading = false;
  #isAwaiting = false;

  constructor(name: string, { isolate, limits, pace, reply }: VersionParts) {
    this.name = name;
    this.#isolate = isolate;
    this.#limits = limits;
    this.#pace = pace;
    this.#reply = reply;
    this.#places = new SourcePlaces(name, Buffer.alloc(0));
  }

  get isLost(): boolean {
    return this.#isolate.isLost;
  }

  /** Compiles the bundle and evaluates its top level. After a failure the version is of no use. */
  load(request: LoadRequest, body: Buffer): LoadOutcome {
    const { id, fileName, bundleBytes, timeoutMs, timersMs } = request;
    const source = body.toString("utf8", 0, bundleBytes);
    this.#places = new SourcePlaces(
      fileName,
      Buffer.from(body.subarray(bundleBytes)),
    );
    const startMs = performance.now();
    const script = this.#isolate.compile(withoutShebang(source), fileName);
    const compileUs = elapsedUs(startMs);
    if ("line" in script) {
      const { message, line, column } = script;
      const place = this.#places.original(line, column);
      const failure = { reason: "syntax" as const, message, ...place };
      return { failure, compileUs, evaluateUs: 0, isSettled: true };
    }
    const evaluateMs = performance.now();
    this.configure(request);
    if (this.isLost)
      return {
        failure: memoryFailure(this.#limits.heapLimitMb),
        compileUs,
        evaluateUs: 0,
        isSettled: true,
      };
    this.#loadCall = id;
    this.#isLoading = true;
    const wallMs = timeoutMs + timersMs;
    const call = new OpenCall(
      id,
      {
        invocationId: "",
        sentMs: hostClockMs(),
        wallMs,
        wallClock: "wall_time",
        syncMs: timeoutMs,
        cpuMs: Infinity,
      },
      this.#limits,
    );
    this.#calls.set(id, call);
    this.#enter(call, (sliceMs) =>
      this.#isolate.load(script, id, fileName, sliceMs),
    );
    const isSettled = !this.#calls.has(id);
    if (!isSettled) call.watchWall(() => this.#close(call));
    this.#isLoading = false;
    const evaluateUs = elapsedUs(evaluateMs);
    // Neither loaded nor failed: the source closed the function it is wrapped in, and is no module.
    if (!this.#payloadForm)
      this.#loadFailure ??= this.#isAwaiting ? unsettledTopLevel : noModule;
    const failure = this.#loadFailure;
    return { ...(failure && { failure }), compileUs, evaluateUs, isSettled };
  }

  /** Sets the secrets and meta of calls to come. */
  configure({ secrets, meta }: Pick<UpdateRequest, "secrets" | "meta">): void {
    this.#tidy("configure", [JSON.stringify(secrets), JSON.stringify(meta)]);
  }

  /** Runs the exported function; the answer is replied when it is there. */
  invoke(request: InvokeRequest, payload: Buffer): void {
    const { id } = request;
    const call = new OpenCall(id, request, this.#limits);
    const form = this.#payloadForm ?? "none";
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
    for (const call of this.#calls.values()) {
      call.end();
      if (call.id === this.#loadCall) this.#tellSettled();
      else this.#displace(call);
    }
    this.#calls.clear();
    this.#isolate.dispose();
  }

  #displace({ id, effects }: OpenCall): void {
    this.#reply({ type: "displaced", id, effects });
  }

  #enter(call: OpenCall, entry: (sliceMs: number) => Entered): void {
    const slice = call.slice(this.#pace);
    if (slice.ms <= 0) {
      this.#expire(call);
      return;
    }
    const startMs = performance.now();
    const startCpuUs = threadCpuUs();
    const entered = entry(slice.ms);
    const endCpuUs = threadCpuUs();
    const ranMs = performance.now() - startMs;
    call.cpuUs += endCpuUs - startCpuUs;
    this.#pace.learn((endCpuUs - startCpuUs) / 1000, ranMs);
    switch (entered.kind) {
      case "timeout": {
        const failure = call.sliceFailure(slice, ranMs);
        if (failure) this.#discard(call, failure);
        else this.#lose();
        return;
      }
      case "lost":
        this.#discard(call, memoryFailure(this.#limits.heapLimitMb));
        return;
      case "unhandled":
        this.#logUnhandled(call, entered);
        this.#settle(call, endCpuUs);
        return;
      case "returned":
        this.#settle(call, endCpuUs);
    }
  }

  /** A rejection that nobody handled, with the guest's own frames; a call that ended itself says no more of it. */
  #logUnhandled(
    call: OpenCall,
    { message, stack }: Extract<Entered, { kind: "unhandled" }>,
  ): void {
    if (exitWordsPattern.test(message)) return;
    const frames = this.#places.guestFrames(stack);
    const lines = [
      `Unhandled rejection: ${message.slice(0, maxUnhandledChars)}`,
      ...(frames === ""
        ? []
        : frames.split("\n").map((frame) => `    ${frame}`)),
    ];
    call.log({
      level: "error",
      timeMs: Date.now(),
      text: lines.join("\n").slice(0, maxStackChars),
    });
  }

  /** A line with the frames of stacks in it at the places of the author's source. */
  #readable(line: LogLine): LogLine {
    const text = this.#places.inText(line.text);
    return text === line.text ? line : { ...line, text };
  }

  /** After a slice that returned: takes what the call says, and looks at its CPU time, which the taking is part of. */
  #settle(call: OpenCall, sliceEndCpuUs: number): void {
    this.#collect(call);
    if (!this.#calls.has(call.id)) return;
    call.cpuUs += threadCpuUs() - sliceEndCpuUs;
    if (call.isCpuSpent) {
      this.#giveUp(call, call.cpuFailure());
      return;
    }
    call.exchanges?.flush();
    this.#sendLog(call);
    // A top level without timers is woken by nothing.
    if (call.id === this.#loadCall && !call.hasTimers) this.#close(call);
  }

  /** Takes everything out of the isolate's outbox. */
  #collect(call: OpenCall): void {
    for (;;) {
      const text = this.#isolate.drain();
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
      if (item.kind === "log")
        this.#replyLate(item.call, this.#readable(item.line));
      return;
    }
    // A call over its limit gets nothing more done, and no answer; its log is kept.
    if (call.isCpuSpent && item.kind !== "log" && item.kind !== "dropped")
      return;
    switch (item.kind) {
      case "loaded":
        this.#payloadForm = item.payload;
        return;
      case "awaits":
        this.#isAwaiting = true;
        return;
      case "timer":
        this.#startTimer(call, item.timer, item.delayMs);
        return;
      case "clear":
        call.clearTimer(item.timer);
        return;
      case "egress":
        // The runtime keeps the same bounds and would have refused; so for the timers below.
        if (!call.countHostCall() || !this.#exchangesOf(call).send(item))
          this.#discard(call, brokenBounds);
        return;
      case "connect":
        if (!call.countHostCall() || !this.#exchangesOf(call).connect(item))
          this.#discard(call, brokenBounds);
        return;
      case "lookup":
        if (!call.countHostCall() || !this.#exchangesOf(call).lookup(item))
          this.#discard(call, brokenBounds);
        return;
      case "write":
      case "finish":
      case "upgrade":
        if (!(call.exchanges?.ask(item) ?? true))
          this.#discard(call, brokenBounds);
        return;
      case "read":
        call.exchanges?.read(item.egress, item.form);
        return;
      case "abort":
        call.exchanges?.abort(item.egress);
        return;
      case "log":
        call.log(this.#readable(item.line));
        return;
      case "dropped":
        call.dropped += item.lines;
        return;
      case "result":
        this.#answer(call, item);
        return;
      case "failure":
        this.#fail(call, {
          ...this.#guestFailure(item),
          ...(call.id === this.#loadCall && this.#places.first(item.stack)),
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
      maxOpen: call.id === this.#loadCall ? 0 : maxOpenEgress,
      maxBodyBytes: Math.min(maxResultBytes, maxEgressBodyBytes),
    }));
  }

  #answer(call: OpenCall, result: GuestResult): void {
    const { contentType, httpStatus, headers, body } = result;
    const { maxResultBytes } = this.#limits;
    if (body.length > maxResultBytes) {
      this.#fail(call, resultSizeFailure(maxResultBytes, body.length));
      return;
    }
    const headerChars = charsOf(contentType, headers);
    if (headerChars > maxAnswerHeaderChars) {
      this.#fail(call, headerSizeFailure(maxAnswerHeaderChars, headerChars));
      return;
    }
    const { id, runUs } = call;
    const head: AnsweredReply = {
      type: "answered",
      id,
      contentType,
      httpStatus,
      headers,
      runUs,
    };
    // Few answers have headers long enough to be written twice for this.
    if (headerChars > plainHeaderChars && !isHeadWithinBounds(head)) {
      this.#fail(call, headerSizeFailure(maxAnswerHeaderChars, headerChars));
      return;
    }
    this.#end(call);
    this.#reply(head, body);
  }

  #fail(call: OpenCall, { message: text, ...rest }: LoadFailure): void {
    const { id, runUs } = call;
    const failure = { ...rest, message: text.slice(0, maxMessageChars) };
    if (id === this.#loadCall) {
      this.#failLoad(call, failure);
      return;
    }
    this.#end(call);
    this.#reply({ type: "failed", id, failure, runUs });
  }

  /** A top level that fails after it was loaded, by a timer of its own, says so in the log. */
  #failLoad(call: OpenCall, failure: LoadFailure): void {
    if (!this.#payloadForm) this.#loadFailure = failure;
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
    if (call.lines.length > 0 || call.dropped > 0) this.#replyLog(call);
    this.#answered.add(call);
    if (call.id === this.#loadCall) this.#tellSettled();
  }

  /** While the top level is evaluated the answer to that says so. */
  #tellSettled(): void {
    if (this.#isLoading || this.#loadCall === undefined) return;
    this.#reply({ type: "settled", id: this.#loadCall });
  }

  /** After a limit the isolate is never entered again: what it was doing might go on. */
  #discard(guilty: OpenCall, failure: CallFailure): void {
    this.#fail(guilty, failure);
    this.#lose();
  }

  #lose(): void {
    this.dispose();
    if (this.#payloadForm)
      this.#reply({ type: "discarded", version: this.name });
  }

  #guestFailure(item: GuestFailure): CallFailure {
    const { reason, message, httpStatus, observed } = item;
    if (reason === "result_size")
      return resultSizeFailure(this.#limits.maxResultBytes, observed);
    const frames = this.#places.guestFrames(item.stack);
    const stack = frames.slice(0, maxStackChars);
    return {
      reason,
      message,
      ...(stack !== "" && { stack }),
      ...(httpStatus !== undefined && { httpStatus }),
    };
  }

  /** What a call that waits has said survives whatever comes; lines that were not kept are counted at its end. */
  /** The first time a call waits it says so, with or without lines: what runs after it is known not to be it. */
  #sendLog(call: OpenCall): void {
    const isFirstWait = !call.hasWaited && call.id !== this.#loadCall;
    call.hasWaited = true;
    if (isFirstWait || call.lines.length > 0) this.#replyLog(call);
  }

  #replyLog(call: OpenCall): void {
    const { id, invocationId } = call;
    const version = this.name;
    const { lines: all, dropped } = call.takeLog();
    for (const [index, lines] of portionsOf(all).entries())
      this.#reply({
        type: "logged",
        id,
        version,
        invocationId,
        lines,
        dropped: index === 0 ? dropped : 0,
      });
  }

  /** A line of what the call left behind, as long as the call is remembered. */
  #replyLate(id: number, line: LogLine): void {
    const invocationId = this.#answered.invocationId(id);
    if (invocationId === undefined) return;
    const version = this.name;
    for (const lines of portionsOf([line]))
      this.#reply({
        type: "logged",
        id,
        version,
        invocationId,
        lines,
        dropped: 0,
      });
  }
}

/** The parser knows `#!` only at the very start of a file. */
function withoutShebang(source: string): string {
  return source.startsWith("#!") ? `//${source.slice(2)}` : source;
}

function charsOf(
  contentType: string,
  headers: readonly [name: string, value: string][],
): number {
  let chars = contentType.length;
  for (const [name, value] of headers)
    chars += name.length + value.length + headerCostChars;
  return chars;
}

function elapsedUs(startMs: number): number {
  return Math.round((performance.now() - startMs) * 1000);
}
