/** One isolate with the runtime in it. The only file that speaks isolated-vm; nothing of it is handed to the guest. */
import ivm from "isolated-vm";
import { createHostCalls, type HostCalls } from "./host/host-calls.ts";
import type { HeapFigures } from "./host/system.ts";
import type { Entries } from "./runtime/bootstrap.ts";
import type { Limits } from "./runtime/calls.ts";
import { newContextPrefix } from "./runtime/node/new-context-prefix.ts";

/** How an entry ended. */
export type Entered =
  | { kind: "returned" }
  /** A rejection nobody handled surfaced; the isolate is well. */
  | Unhandled
  | { kind: "timeout" }
  | { kind: "lost" };

/** `reason` is what the entry `reject` takes. */
export interface Unhandled {
  kind: "unhandled";
  message: string;
  stack: string;
  reason: string;
}

/** A script, and V8's cached code for it where there is some. */
export interface CodedScript {
  readonly text: string;
  readonly code?: Uint8Array;
}

/** Scripts that are evaluated in an isolate when it first asks for them. */
export interface Library {
  script(name: string): CodedScript | undefined;
}

export interface IsolateOptions {
  runtime: CodedScript;
  library: Library;
  heapLimitMb: number;
  limits: Limits;
}

/** What the parser or the loader had to say about a bundle. */
export interface SyntaxProblem {
  message: string;
  line: number;
  column: number;
}

type EntryName = keyof Entries;

/** Draining runs no guest code: the time is for a machine that stalls. */
const drainTimeoutMs = 2_000;
const bytesPerMb = 1024 * 1024;
const shortTimeoutMs = 500;
const shortGridMs = 16;
const longGridMs = 64;
/** What isolated-vm says of an object that is no error: the log of a guest does not name what holds it. */
const noErrorWords = "An object was thrown from supplied code within ";
/** The frame that it puts between those of the guest and those of this process. */
const isolateBoundary = "\n    at (<isolated-vm boundary>)";
/** V8 repeats names and patterns of the source, however long they are; the pipe's heads are bounded. */
const maxSyntaxChars = 8 * 1024;
/** Of an entry, that no clock counts: the supervisor bears half a second beyond an entry's time. */
const maxLoadingMs = 400;
/** Of each part of a rejection that goes back into the isolate. */
const maxReasonChars = 16 * 1024;
const wrapperStart =
  "(function (exports, require, module, __filename, __dirname) {";
const wrapperEnd = "\n})";

/** An isolate; once `isLost` it is never entered again. */
export class GuestIsolate {
  readonly heapLimitMb: number;
  readonly #isolate: ivm.Isolate;
  readonly #context: ivm.Context;
  readonly #entries: Record<EntryName, ivm.Reference<unknown>>;
  readonly #hostCalls: HostCalls;
  #stackAsRead: ((stack: string) => string | undefined) | undefined;
  #isLost = false;
  #isFull = false;
  #deadlineMs = Infinity;
  #hasOverrun = false;
  #loadingMs = 0;
  /** What the entry that runs may yet load beside its clock. */
  #loadingLeftMs = maxLoadingMs;

  constructor({ runtime, library, heapLimitMb, limits }: IsolateOptions) {
    this.heapLimitMb = heapLimitMb;
    this.#isolate = new ivm.Isolate({
      memoryLimit: heapLimitMb,
      // V8 has lost control of the isolate, and so of this process.
      onCatastrophicError: () => process.abort(),
    });
    this.#context = this.#isolate.createContextSync();
    const script = compile(this.#isolate, runtime, "annex:runtime");
    const start: ivm.Reference<(...parts: unknown[]) => Entries> =
      script.runSync(this.#context, { reference: true });
    this.#hostCalls = createHostCalls({
      heap: () => this.#heap(),
      stackAsRead: (stack) => this.#stackAsRead?.(stack),
    });
    const entries = start.applySync(
      undefined,
      [
        new ivm.ExternalCopy(limits).copyInto({ release: true }),
        new ivm.Callback((name: unknown) =>
          this.#inTime(this.#evaluate(library, name)),
        ),
        new ivm.Callback((...parameters: unknown[]) =>
          this.#inTime(this.#hostCalls.call(...parameters)),
        ),
      ],
      { result: { reference: true } },
    );
    const entry = (name: EntryName) =>
      entries.getSync(name, { reference: true });
    this.#entries = {
      load: entry("load"),
      configure: entry("configure"),
      invoke: entry("invoke"),
      resume: entry("resume"),
      egress: entry("egress"),
      runTicks: entry("runTicks"),
      reject: entry("reject"),
      close: entry("close"),
      drain: entry("drain"),
    };
    start.release();
    entries.release();
    script.release();
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Whether it is lost because V8 gave it up: its heap was full. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** The time it has waited for scripts of the library: no entry's clock counts it. */
  get loadingMs(): number {
    return this.#loadingMs;
  }

  /** Says how the stacks of what is loaded next are read. */
  readStacksBy(stackAsRead: (stack: string) => string | undefined): void {
    this.#stackAsRead = stackAsRead;
  }

  /** Parses a bundle as the body of a CommonJS module; positions are those of the bundle. */
  compile(source: string, fileName: string): ivm.Script | SyntaxProblem {
    try {
      return this.#isolate.compileScriptSync(
        `${wrapperStart}${source}${wrapperEnd}`,
        { filename: fileName, columnOffset: -wrapperStart.length },
      );
    } catch (error) {
      return readSyntaxError(error);
    }
  }

  /** Evaluates a compiled bundle through the runtime. */
  load(
    script: ivm.Script,
    call: number,
    fileName: string,
    timeoutMs: number,
  ): Entered {
    return this.#timed(timeoutMs, (timeout) => {
      const wrapper = script.runSync(this.#context, {
        reference: true,
        timeout,
      });
      script.release();
      const parameters = [call, wrapper.derefInto({ release: true }), fileName];
      this.#entries.load.applySync(undefined, parameters, { timeout });
    });
  }

  /** Enters the runtime for at most so long, microtasks included. */
  enter(
    name: Exclude<EntryName, "load" | "drain" | "reject">,
    parameters: (string | number)[],
    timeoutMs: number,
  ): Entered {
    return this.#timed(timeoutMs, (timeout) => {
      this.#entries[name].applySync(undefined, parameters, { timeout });
    });
  }

  /** Tells the guest of a rejection that surfaced; `isTaken`: it listens to such. */
  reject(
    call: number,
    { reason }: Unhandled,
    timeoutMs: number,
  ): { entered: Entered; isTaken: boolean } {
    let isTaken: unknown;
    const entered = this.#timed(timeoutMs, (timeout) => {
      const { reject } = this.#entries;
      isTaken = reject.applySync(undefined, [call, reason], { timeout });
    });
    return { entered, isTaken: isTaken === true };
  }

  /** What waits in the outbox, or undefined if the isolate is lost. */
  drain(): string | undefined {
    let text: unknown;
    const entered = this.#timed(drainTimeoutMs, (timeout) => {
      text = this.#entries.drain.applySync(undefined, [], { timeout });
    });
    if (entered.kind === "returned" && typeof text === "string") return text;
    this.#isLost = true;
    return undefined;
  }

  dispose(): void {
    this.#isLost = true;
    this.#hostCalls.close();
    try {
      this.#isolate.dispose();
    } catch {
      // Disposed already, by its memory limit.
    }
  }

  #heap(): HeapFigures {
    const figures = this.#isolate.getHeapStatisticsSync();
    return {
      limit: this.heapLimitMb * bytesPerMb,
      total: figures.total_heap_size,
      used: figures.used_heap_size,
      external: figures.externally_allocated_size,
    };
  }

  /** A script of the library as a value inside, evaluated while the isolate waits for it. */
  #evaluate(library: Library, wanted: unknown): unknown {
    const startMs = performance.now();
    try {
      const name = String(wanted);
      const found = library.script(name);
      if (!found) return undefined;
      const script = compile(this.#isolate, found, `node:${name}`);
      const isNew = name.startsWith(newContextPrefix);
      const context = isNew ? this.#isolate.createContextSync() : this.#context;
      const value: ivm.Reference<unknown> = script.runSync(context, {
        reference: true,
      });
      script.release();
      // What the guest holds of it keeps it; nothing here does.
      if (isNew) context.release();
      return value.derefInto({ release: true });
    } catch {
      // The isolate is being ended; and no word of the host's goes inside.
      return undefined;
    } finally {
      this.#leaveOut(performance.now() - startMs);
    }
  }

  /** How fast the library is read is none of a guest's doing; but it chooses what it has read. */
  #leaveOut(ms: number): void {
    const uncountedMs = Math.min(ms, this.#loadingLeftMs);
    this.#loadingLeftMs -= uncountedMs;
    this.#loadingMs += uncountedMs;
    this.#deadlineMs += uncountedMs;
  }

  /** isolated-vm stops an entry's clock while the host works for it; so that time is looked at here. */
  #inTime(result: unknown): unknown {
    if (performance.now() <= this.#deadlineMs) return result;
    this.#hasOverrun = true;
    this.dispose();
    return undefined;
  }

  #timed(timeoutMs: number, work: (timeout: number) => void): Entered {
    const timeout = timeoutOnGrid(timeoutMs);
    const start = performance.now();
    this.#deadlineMs = start + timeout;
    this.#loadingLeftMs = maxLoadingMs;
    const { stackTraceLimit } = Error;
    // Where the stack ends while the host works for a guest, V8 throws into the guest: without our frames.
    Error.stackTraceLimit = 0;
    try {
      work(timeout);
      return this.#hasOverrun ? { kind: "timeout" } : { kind: "returned" };
    } catch (error) {
      return this.#readError(error, performance.now() - start >= timeout);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  /** A guest chooses what it rejects with, so the words of an error alone prove nothing. */
  #readError(error: unknown, isLate: boolean): Entered {
    const message = error instanceof Error ? error.message : String(error);
    if (this.#hasOverrun) return { kind: "timeout" };
    if (this.#isolate.isDisposed) {
      this.#isLost = true;
      this.#isFull = true;
      return { kind: "lost" };
    }
    if (isLate && message === "Script execution timed out.") {
      this.#isLost = true;
      return { kind: "timeout" };
    }
    return { kind: "unhandled", ...wordsOf(error, message) };
  }
}

/** What a guest rejected with, as isolated-vm made it an error of this realm; its stack ends where the isolate does. */
function wordsOf(error: unknown, message: string): Omit<Unhandled, "kind"> {
  if (message.startsWith(noErrorWords)) {
    const words = "an object that is no Error";
    return { message: words, stack: "", reason: JSON.stringify(words) };
  }
  if (!(error instanceof Error)) {
    const isPlain =
      error === null || ["boolean", "number"].includes(typeof error);
    const told = isPlain ? error : message.slice(0, maxReasonChars);
    return { message, stack: "", reason: JSON.stringify(told) };
  }
  const { name, stack: whole = "" } = error;
  const [stack = ""] = whole.split(isolateBoundary);
  const told = {
    name: name.slice(0, maxReasonChars),
    message: error.message.slice(0, maxReasonChars),
    stack: stack.slice(0, maxReasonChars),
  };
  return {
    message: name === "Error" ? message : `${name}: ${message}`,
    stack,
    reason: JSON.stringify(told),
  };
}

function compile(
  isolate: ivm.Isolate,
  { text, code }: CodedScript,
  filename: string,
): ivm.Script {
  if (!code) return isolate.compileScriptSync(text, { filename });
  const copy = new Uint8Array(code).buffer;
  const cachedData = new ivm.ExternalCopy(copy, { transferOut: true });
  const script = isolate.compileScriptSync(text, { filename, cachedData });
  cachedData.release();
  return script;
}

/**
 * isolated-vm keeps a timer for every entry until its time has come, also when the entry returned long before, and wakes a
 * thread for each: at a thousand calls a second that thread took half of the hop's time. Timers that end together wake it
 * once, so an entry may last up to a grid's width longer than it was given.
 */
function timeoutOnGrid(timeoutMs: number): number {
  const gridMs = timeoutMs < shortTimeoutMs ? shortGridMs : longGridMs;
  const now = performance.now();
  const end = Math.ceil((now + timeoutMs) / gridMs) * gridMs;
  return Math.max(1, Math.ceil(end - now));
}

/** isolated-vm puts the place behind the message: `Unexpected token [file.js:1:2]`. */
function readSyntaxError(error: unknown): SyntaxProblem {
  const text = error instanceof Error ? error.message : "cannot be parsed";
  const place = /^([^]*) \[[^[\]]*:(\d+):(\d+)\]$/.exec(text);
  const [, words = text, line = 1, column = 1] = place ?? [];
  const message = words.slice(0, maxSyntaxChars);
  return { message, line: Number(line), column: Number(column) };
}
