/** Tries programs one after another in a real executor beside a canary, and checks whatever the executor says of them. */
import { homedir } from "node:os";
import { expect } from "vitest";
import type { CallFailure, FailureReason } from "../../proto/errors.ts";
import { brokenBounds } from "../../sandboxd/executor/failures.ts";
import { checkReply } from "../../sandboxd/supervisor/reply.ts";
import { serveEgress, type EgressAnswer } from "../support/egress.ts";
import {
  answeredJson,
  startExecutor,
  type Received,
  type TestExecutor,
} from "../support/executor.ts";
import { repositoryRoot } from "../support/paths.ts";
import { residentBytes } from "../support/processes.ts";

const limits = { wallMs: 250, syncMs: 60, cpuMs: 120 };
const loadMs = 100;
const lateMs = 1000;
const startMs = 10_000;
const heapLimitMb = 32;
const maxLogBytes = 16 * 1024;
/** Room for the canary's isolate, the one in hand and a full one, and for what Node and our harness's traffic need. */
const maxResidentBytes = 400 * 1024 * 1024;
/** An executor is not restarted before it has had so many: what leaks must show. */
const programsOfExecutor = 500;

const reasonsOfCalls: readonly FailureReason[] = [
  "threw",
  "rejected",
  "callback_error",
  "invalid_result",
  "result_size",
  "egress_denied",
  "sync_time",
  "wall_time",
  "cpu_time",
  "memory",
];
const reasonsOfLoads: readonly FailureReason[] = [
  "threw",
  "sync_time",
  "memory",
  "invalid_export",
  "module_not_found",
];

/** Of this machine, or of how we are made: no program has them to say. */
const hostWords = [
  repositoryRoot,
  homedir(),
  "node_modules",
  "executor.cjs",
  "isolated-vm",
  "node:internal",
];

export class Trial implements AsyncDisposable {
  /** How often which ending was seen. */
  readonly endings: Record<string, number> = {};
  #executor: TestExecutor | undefined;
  #canary = "";
  #canaryCalls = 0;
  #programs = 0;

  /** Loads a program and calls it twice at once. An executor that failed is of no use to the next. */
  async run(source: string): Promise<void> {
    try {
      await this.#runIn(await this.#ready(), source);
    } catch (problem) {
      await this[Symbol.asyncDispose]();
      throw problem;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const executor = this.#executor;
    this.#executor = undefined;
    await executor?.[Symbol.asyncDispose]();
  }

  async #ready(): Promise<TestExecutor> {
    if (++this.#programs % programsOfExecutor === 0)
      await this[Symbol.asyncDispose]();
    if (this.#executor) return this.#executor;
    const starting = startExecutor({ heapLimitMb, maxLogBytes });
    const executor = await within(startMs, starting);
    if (!executor) throw new Error("no executor starts");
    serveEgress(executor, answerOf);
    this.#canary = await executor.loaded(
      "let n = 0; module.exports = (cb) => cb(null, ++n);",
      { version: "canary@1" },
    );
    this.#canaryCalls = 0;
    this.#executor = executor;
    return executor;
  }

  async #runIn(executor: TestExecutor, source: string): Promise<void> {
    const trial = this.#try(executor, source);
    const died = executor.exited.then((code) => ({ code }));
    const ended = await Promise.race([trial, died]);
    executor.received.forEach(checkSaid);
    executor.received.length = 0;
    if (!ended) return;
    // Killed by us, or by V8 when it cannot go on; a code would be a bug of ours.
    expect(ended).toEqual({ code: null });
    if (this.#executor) this.#count("aborted");
    this.#executor = undefined;
  }

  async #try(executor: TestExecutor, source: string): Promise<undefined> {
    const version = `program@${this.#programs}`;
    const changes = { version, timeoutMs: loadMs };
    const loading = executor.load(source, changes);
    const loaded = await this.#inTime(executor, loadMs, loading);
    if (!loaded) return;
    if (loaded.failure) {
      checkFailure(loaded.failure, reasonsOfLoads);
      this.#count(`load ${loaded.failure.reason}`);
    } else if (!(await this.#call(executor, version))) {
      return;
    }
    await this.#askCanary(executor);
    const residents = await residentBytes(executor.pid);
    expect(residents).toBeLessThan(maxResidentBytes);
  }

  /** Twice at once. False if the executor had to be killed. */
  async #call(executor: TestExecutor, version: string): Promise<boolean> {
    const payload = '{"a":1,"__proto__":{"b":2}}';
    const ids = [0, 1].map(() =>
      executor.start(version, { ...limits, payload }),
    );
    const outcomes = Promise.all(ids.map((id) => executor.outcome(id)));
    if (!(await this.#inTime(executor, limits.wallMs, outcomes))) return false;
    await this.#askCanary(executor);
    for (const id of ids) this.#checkEnding(executor, id);
    executor.send({ type: "unload", version });
    return true;
  }

  /**
   * Gives a promise until it is late. Then the executor must be held in native code, where V8 cannot end it and the
   * supervisor does: one that answers others has lost the answer. undefined: it was killed.
   */
  async #inTime<Value>(
    executor: TestExecutor,
    ms: number,
    promise: Promise<Value>,
  ): Promise<Value | undefined> {
    const value = await within(ms + lateMs, promise);
    if (value !== undefined) return value;
    if (executor !== this.#executor) return undefined; // it died meanwhile
    const asked = executor.invoke(this.#canary, limits);
    if (await within(lateMs, asked)) {
      this.#canaryCalls++;
      this.#count("late");
      const late = await within(0, promise);
      if (late === undefined) throw new Error("an answer was lost");
      return late;
    }
    this.#count("killed");
    await this[Symbol.asyncDispose]();
    return undefined;
  }

  async #askCanary(executor: TestExecutor): Promise<void> {
    const asked = executor.invoke(this.#canary, limits);
    const outcome = await within(lateMs, asked);
    if (!outcome) throw new Error("the canary did not answer");
    expect(answeredJson(outcome)).toBe(++this.#canaryCalls);
  }

  #checkEnding(executor: TestExecutor, id: number): void {
    const endings = executor.received.filter(
      (reply) => isEnding(reply) && reply.id === id,
    );
    expect(endings).toHaveLength(1);
    const [ending] = endings;
    if (ending?.type === "failed") checkFailure(ending.failure, reasonsOfCalls);
    this.#count(
      ending?.type === "failed" ? ending.failure.reason : ending?.type,
    );
  }

  #count(ending = "nothing"): void {
    this.endings[ending] = (this.endings[ending] ?? 0) + 1;
  }
}

type Ending = Extract<
  Received,
  { type: "answered" | "failed" | "displaced" | "cancelled" }
>;

function isEnding(reply: Received): reply is Ending {
  return ["answered", "failed", "displaced", "cancelled"].includes(reply.type);
}

/** What the supervisor would make of it, and that nothing of the host is in it. */
function checkSaid({ body: _body, ...head }: Received): void {
  checkReply(head);
  const text = JSON.stringify(head);
  for (const word of hostWords) expect(text).not.toContain(word);
  if (head.type === "failed")
    expect(head.failure.stack ?? "").not.toContain("annex:");
}

/** A guest that breaks the runtime's bounds has got hold of something of it. */
function checkFailure(
  failure: CallFailure,
  reasons: readonly FailureReason[],
): void {
  expect(reasons).toContain(failure.reason);
  expect(failure.message).not.toBe(brokenBounds.message);
}

/** undefined if it took longer. */
async function within<Value>(
  ms: number,
  promise: Promise<Value>,
): Promise<Value | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What the world outside answers, by path. */
function answerOf({ url }: { url: string }): EgressAnswer | undefined {
  switch (url.replace("http://nowhere.example", "")) {
    case "/hang":
      return undefined;
    case "/denied":
      return { failure: { kind: "denied", message: "not allowed" } };
    case "/failed":
      return {
        chunks: [Buffer.from("half")],
        failure: { kind: "failed", message: "cut off" },
      };
    case "/endless":
      return { chunks: endless() };
    default:
      return { headers: [["x-a", "1"]], chunks: [Buffer.from('{"a":1}')] };
  }
}

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(16 * 1024);
}
