/** A caller's process, as the main process sees it. */
import { once } from "node:events";
import { startNode } from "./children.ts";
import type { Child } from "./children.ts";
import type {
  CallerReply,
  CallerRequest,
  Measured,
} from "./caller/messages.ts";
import type { TargetSpec } from "./caller/target.ts";

/** Makes calls from a process of its own; one command at a time. */
export interface Caller {
  child: Child;
  open(name: string, target: TargetSpec): Promise<void>;
  run(name: string, calls: number, inFlight: number): Promise<Measured>;
  startLoad(name: string): Promise<void>;
  /** Gives how many calls the load made. */
  stopLoad(): Promise<number>;
}

const commandTimeoutMs = 300_000;

/** Starts a caller. */
export async function startCaller(name: string): Promise<Caller> {
  const child = await startNode("./caller/main.ts", [], {
    name,
    nodeArgs: ["--expose-gc"],
  });
  const ask = (request: CallerRequest) => askChild(child, request);
  return {
    child,
    async open(target, spec) {
      await ask({ type: "open", name: target, target: spec });
    },
    async run(target, calls, inFlight) {
      const reply = await ask({ type: "run", name: target, calls, inFlight });
      if (reply.type !== "measured") throw unexpected(child, reply);
      return reply;
    },
    async startLoad(target) {
      await ask({ type: "start-load", name: target });
    },
    async stopLoad() {
      const reply = await ask({ type: "stop-load" });
      if (reply.type !== "load") throw unexpected(child, reply);
      if (reply.failure !== undefined)
        throw new Error(
          `after ${reply.calls} calls of the load: ${reply.failure}`,
        );
      return reply.calls;
    },
  };
}

async function askChild(
  child: Child,
  request: CallerRequest,
): Promise<CallerReply> {
  const ended = new AbortController();
  const end = () => ended.abort(new Error(`${child.name} ended`));
  child.process.once("exit", end);
  const signal = AbortSignal.any([
    ended.signal,
    AbortSignal.timeout(commandTimeoutMs),
  ]);
  try {
    const answered = once(child.process, "message", { signal });
    child.process.send(request);
    const [message] = await answered;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends are this benchmark's
    const reply = message as CallerReply;
    if (reply.type === "failed") throw unexpected(child, reply);
    return reply;
  } finally {
    child.process.off("exit", end);
  }
}

function unexpected(child: Child, reply: CallerReply): Error {
  const why = reply.type === "failed" ? reply.message : reply.type;
  return new Error(`${child.name}: ${why}`);
}
