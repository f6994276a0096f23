/** A real executor process, driven through its pipe as the supervisor would. */
import type { Duplex } from "node:stream";
import { encodeFrame, FrameReader } from "../../sandboxd/frames.ts";
import { hostClockMs } from "../../sandboxd/host-clock.ts";
import type {
  AnsweredReply,
  ExecutorReply,
  ExecutorRequest,
  FailedReply,
  InvokeRequest,
  LoadedReply,
  LoadRequest,
  LogLine,
  StartRequest,
} from "../../sandboxd/protocol.ts";
import { noWalls } from "../../sandboxd/walls/none.ts";
import {
  startEnclosed,
  type EnclosedProcess,
} from "../../sandboxd/walls/process.ts";
import { executorProgram } from "../../sandboxd/walls/program.ts";
import type { Walls } from "../../sandboxd/walls/walls.ts";
import { executorFile } from "./paths.ts";

/** A reply with its body. */
export type Received = ExecutorReply & { body: Buffer };

/** How an invocation ended, with the log lines that came for it until then. */
export type Outcome = (
  | (AnsweredReply & { body: Buffer })
  | FailedReply
  | Exclude<ExecutorReply, AnsweredReply | FailedReply>
) & { lines: LogLine[]; dropped: number };

export interface TestExecutor extends AsyncDisposable {
  /** Everything received so far, in order. */
  readonly received: Received[];
  readonly exited: Promise<number | null>;
  readonly pid: number;
  /** Told of every reply from now on. */
  listen(listener: (reply: Received) => void): void;
  send(request: ExecutorRequest, body?: Uint8Array): void;
  sendBytes(bytes: Uint8Array): void;
  /** Closes the pipe. */
  hangUp(): void;
  /** The first reply, past or to come, that is as wanted. */
  wait<Reply extends Received>(
    isWanted: (reply: Received) => reply is Reply,
  ): Promise<Reply>;
  wait(isWanted: (reply: Received) => boolean): Promise<Received>;
  load(source: string, changes?: LoadChanges): Promise<LoadedReply>;
  /** Loads a source that must load, and gives its version's name. */
  loaded(source: string, changes?: LoadChanges): Promise<string>;
  /** Sends a call and gives its id. */
  start(version: string, changes?: InvokeChanges): number;
  /** How a call that was started ended. */
  outcome(id: number): Promise<Outcome>;
  invoke(version: string, changes?: InvokeChanges): Promise<Outcome>;
}

export type LoadChanges = Partial<LoadRequest> & { sourceMap?: string };
export type InvokeChanges = Partial<InvokeRequest> & {
  payload?: string | Uint8Array;
};

const defaultSettings: StartRequest = {
  type: "start",
  isStocked: false,
  heapLimitMb: 64,
  maxResultBytes: 6 * 1024 * 1024,
  maxLogBytes: 64 * 1024,
  maxOpenHostCalls: 64,
  maxHostCalls: 10_000,
  maxOpenEgress: 16,
};

/** Starts an executor and waits until it is ready. */
export async function startExecutor(
  changes: Partial<StartRequest> = {},
  walls?: Walls,
): Promise<TestExecutor> {
  const executor = spawnExecutor(walls);
  executor.send({ ...defaultSettings, ...changes });
  await executor.wait(({ type }) => type === "ready");
  return executor;
}

/** The process alone: nothing was sent to it. */
export function spawnExecutor(walls: Walls = noWalls): TestExecutor {
  const enclosed = walls.enclose(executorProgram(executorFile));
  return new ExecutorProcess(startEnclosed(enclosed));
}

interface Waiter {
  isWanted: (reply: Received) => boolean;
  resolve: (reply: Received) => void;
}

class ExecutorProcess implements TestExecutor {
  readonly received: Received[] = [];
  readonly exited: Promise<number | null>;
  readonly pid: number;
  readonly #kill: () => void;
  readonly #pipe: Duplex;
  readonly #waiters = new Set<Waiter>();
  readonly #listeners: ((reply: Received) => void)[] = [];
  #lastId = 0;

  constructor({ pid, pipe, kill, ended }: EnclosedProcess) {
    this.#kill = kill;
    this.exited = ended.then(({ how }) => exitCodeIn(how));
    this.pid = pid;
    this.#pipe = pipe;
    const reader = new FrameReader();
    this.#pipe.on("data", (chunk: Buffer) => {
      for (const { head, body } of reader.push(chunk))
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the executor under test speaks the protocol
        this.#receive({ ...(head as ExecutorReply), body });
    });
  }

  listen(listener: (reply: Received) => void): void {
    this.#listeners.push(listener);
  }

  send(request: ExecutorRequest, body?: Uint8Array): void {
    this.sendBytes(encodeFrame(request, body));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#pipe.write(bytes);
  }

  hangUp(): void {
    this.#pipe.destroy();
  }

  wait(isWanted: (reply: Received) => boolean): Promise<never> {
    const past = this.received.find(isWanted);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the overloads say what comes back
    if (past) return Promise.resolve(past as never);
    return new Promise((resolve) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
      this.#waiters.add({ isWanted, resolve: resolve as never });
    });
  }

  async load(
    source: string,
    { sourceMap = "", ...changes }: LoadChanges = {},
  ): Promise<LoadedReply> {
    const id = ++this.#lastId;
    const bundle = Buffer.from(source);
    this.send(
      {
        type: "load",
        timersMs: 1000,
        id,
        version: `version@${id}`,
        bundleBytes: bundle.length,
        fileName: "webtask.js",
        container: "acme",
        secrets: {},
        meta: {},
        timeoutMs: 5000,
        ...changes,
      },
      Buffer.concat([bundle, Buffer.from(sourceMap)]),
    );
    const isLoaded = (reply: Received): reply is LoadedReply & Received =>
      reply.type === "loaded" && reply.id === id;
    return this.wait(isLoaded);
  }

  async loaded(source: string, changes: LoadChanges = {}): Promise<string> {
    const version = changes.version ?? `extension@${this.#lastId + 1}`;
    const { failure } = await this.load(source, { ...changes, version });
    if (failure) throw new Error(JSON.stringify(failure));
    return version;
  }

  start(
    version: string,
    { payload = "", ...changes }: InvokeChanges = {},
  ): number {
    const id = ++this.#lastId;
    this.send(
      {
        type: "invoke",
        id,
        version,
        invocationId: `invocation-${id}`,
        contentType: "application/json",
        sentMs: hostClockMs(),
        wallMs: 20_000,
        wallClock: "wall_time",
        syncMs: 5000,
        cpuMs: 20_000,
        ...changes,
      },
      Buffer.from(payload),
    );
    return id;
  }

  async outcome(id: number): Promise<Outcome> {
    const end = await this.wait(
      (reply) =>
        "id" in reply && reply.id === id && endings.includes(reply.type),
    );
    const logs = this.received.filter(
      (reply) => reply.type === "logged" && reply.id === id,
    );
    const logged = logs.flatMap((log) => (log.type === "logged" ? [log] : []));
    return Object.assign(end, {
      lines: logged.flatMap(({ lines }) => lines),
      dropped: logged.reduce((sum, { dropped }) => sum + dropped, 0),
    });
  }

  invoke(version: string, changes: InvokeChanges = {}): Promise<Outcome> {
    return this.outcome(this.start(version, changes));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill();
    await this.exited;
  }

  #receive(reply: Received): void {
    this.received.push(reply);
    for (const listener of this.#listeners) listener(reply);
    for (const waiter of this.#waiters) {
      if (!waiter.isWanted(reply)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(reply);
    }
  }
}

/** Null where a signal ended it. */
function exitCodeIn(how: string): number | null {
  const code = /^exited with code (\d+)/.exec(how)?.[1];
  return code === undefined ? null : Number(code);
}

const endings: ExecutorReply["type"][] = [
  "answered",
  "failed",
  "displaced",
  "cancelled",
];

/** The answer an outcome must be. */
export function answered(outcome: Outcome): AnsweredReply & { body: Buffer } {
  if (outcome.type === "answered") return outcome;
  throw new Error(`not answered: ${JSON.stringify(outcome)}`);
}

/** The value of a JSON answer. */
export function answeredJson(outcome: Outcome): unknown {
  const { body, contentType } = answered(outcome);
  if (contentType !== "application/json") throw new Error(contentType);
  return JSON.parse(body.toString());
}
