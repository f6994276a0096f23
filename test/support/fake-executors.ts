/** A launcher whose processes are objects of the test: what an executor says, and when it dies, is the test's to choose. */
import { duplexPair, type Duplex } from "node:stream";
import {
  encodeFrame,
  FrameReader,
  maxFrameBytes,
} from "../../sandboxd/frames.ts";
import type {
  CancelRequest,
  ExecutorReply,
  ExecutorRequest,
  InvokeRequest,
  LoadRequest,
} from "../../sandboxd/protocol.ts";
import type {
  Ending,
  LaunchedProcess,
  Launcher,
  ProcessLimits,
} from "../../sandboxd/supervisor/launcher.ts";

/** The executor's side of a pipe. */
export interface FakeExecutor {
  readonly pid: number;
  readonly requests: ExecutorRequest[];
  /** What it may use now. */
  readonly limits: ProcessLimits;
  readonly isGone: boolean;
  send(reply: ExecutorReply, body?: Uint8Array): void;
  sendBytes(bytes: Uint8Array): void;
  /** Says that a version is loaded. */
  loaded(load: number): void;
  /** Answers a call with this JSON. */
  answer(request: InvokeRequest, value?: unknown): void;
  /** Ends by itself. */
  die(ending?: Partial<Ending>): void;
  /** Stops reading its pipe. */
  stopReading(): void;
}

export interface FakeBehaviour {
  start?: (executor: FakeExecutor) => void;
  invoke?: (
    executor: FakeExecutor,
    request: InvokeRequest,
    body: Buffer,
  ) => void;
  load?: (executor: FakeExecutor, request: LoadRequest) => void;
  cancel?: (executor: FakeExecutor, request: CancelRequest) => void;
}

export interface FakeLauncher extends Launcher {
  readonly executors: FakeExecutor[];
}

/** Unless told otherwise its executors load everything and answer every call with 1. */
export function fakeLauncher(behaviour: FakeBehaviour = {}): FakeLauncher {
  const executors: FakeExecutor[] = [];
  return {
    executors,
    launch(limits) {
      const fake = new Fake(executors.length + 1, limits, behaviour);
      executors.push(fake);
      return fake.process;
    },
  };
}

class Fake implements FakeExecutor {
  readonly pid: number;
  readonly requests: ExecutorRequest[] = [];
  limits: ProcessLimits;
  isGone = false;
  readonly process: LaunchedProcess;
  readonly #pipe: Duplex;
  readonly #exit: (ending: Ending) => void;

  constructor(pid: number, limits: ProcessLimits, behaviour: FakeBehaviour) {
    this.pid = pid;
    this.limits = limits;
    const [ours, theirs] = duplexPair();
    const { promise, resolve } = Promise.withResolvers<Ending>();
    this.#pipe = theirs;
    this.#exit = resolve;
    this.process = {
      pid,
      pipe: ours,
      confine: (next) => {
        this.limits = next;
      },
      kill: () => this.die({ how: "ended by SIGKILL" }),
      exited: promise,
    };
    const reader = new FrameReader(maxFrameBytes);
    theirs.on("error", () => undefined);
    theirs.on("data", (chunk: Buffer) => {
      for (const { head, body } of reader.push(chunk))
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the supervisor speaks the protocol
        this.#take(head as ExecutorRequest, body, behaviour);
    });
  }

  send(reply: ExecutorReply, body?: Uint8Array): void {
    this.sendBytes(encodeFrame(reply, body));
  }

  sendBytes(bytes: Uint8Array): void {
    if (!this.isGone) this.#pipe.write(bytes);
  }

  loaded(id: number): void {
    this.send({
      type: "loaded",
      id,
      compileUs: 0,
      evaluateUs: 0,
      isSettled: true,
    });
  }

  answer({ id }: InvokeRequest, value: unknown = 1): void {
    this.send(
      {
        type: "answered",
        id,
        contentType: "application/json",
        httpStatus: 200,
        headers: [],
        runUs: 1,
      },
      Buffer.from(JSON.stringify(value)),
    );
  }

  die({ how = "exited with code 1", isOutOfMemory = false } = {}): void {
    if (this.isGone) return;
    this.isGone = true;
    setImmediate(() => this.#exit({ how, isOutOfMemory }));
  }

  stopReading(): void {
    this.#pipe.pause();
  }

  #take(
    request: ExecutorRequest,
    body: Buffer,
    { start, invoke, load, cancel }: FakeBehaviour,
  ): void {
    if (this.isGone) return;
    this.requests.push(request);
    if (request.type === "start") {
      if (start) start(this);
      else this.send({ type: "ready" });
    }
    if (request.type === "load") {
      const { id } = request;
      if (load) load(this, request);
      else this.loaded(id);
    }
    if (request.type === "invoke") {
      if (invoke) invoke(this, request, body);
      else this.answer(request);
    }
    if (request.type === "cancel") {
      if (cancel) cancel(this, request);
      else this.send({ type: "cancelled", id: request.id });
    }
  }
}
