/** Runs a file of tests in an executor of its own, whose way out is a real broker. */
import { startBroker, type Broker } from "../../../sandboxd/broker/broker.ts";
import type { EgressExchange } from "../../../sandboxd/supervisor/egress.ts";
import { serveInProcess } from "../../support/broker-in-process.ts";
import {
  answeredJson,
  startExecutor,
  type Received,
  type TestExecutor,
} from "../../support/executor.ts";
import {
  failedFile,
  fileMs,
  scriptOf,
  type RunFile,
  type TestPlace,
  type TestResult,
} from "./test-file.ts";

const container = "wpt";
const version = "wpt@1";
const heapLimitMb = 512;

export function createIsolateRunner(broker: Broker, place: TestPlace): RunFile {
  return async (file) => {
    await using executor = await startExecutor({
      heapLimitMb,
      maxOpenEgress: 64,
      maxOpenHostCalls: 10_000,
      maxHostCalls: 1_000_000,
    });
    relay(executor, broker);
    const source = scriptOf(file, place);
    const { failure } = await executor.load(source, { version });
    if (failure) return failedFile(failure.message);
    const limits = { wallMs: fileMs, syncMs: fileMs, cpuMs: fileMs };
    const outcome = await executor.invoke(version, limits);
    if (outcome.type === "failed") return failedFile(outcome.failure.message);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the script answers so
    return answeredJson(outcome) as TestResult[];
  };
}

export async function startTestsBroker(): Promise<Broker> {
  const none = (name: string) => Promise.reject(new Error(`no ${name}`));
  const resolve = (name: string) =>
    name === "localhost" ? Promise.resolve(["127.0.0.1"]) : none(name);
  const broker = startBroker({
    launch: () => serveInProcess(resolve, none, container),
    limits: { maxOpenEgress: 64 },
    now: () => performance.now(),
    log: { info: ignore, warn: ignore, error: ignore },
  });
  broker.configure(container, {
    allow: [],
    deny: [],
    internalHosts: ["localhost", "127.0.0.1"],
    maxRequests: 10_000,
    maxBytes: 512 * 1024 * 1024,
    requestMs: fileMs,
    bytesPerSecond: 1024 * 1024 * 1024,
  });
  await broker.ready();
  return broker;
}

function ignore(): void {
  // Nobody reads it.
}

/** Hands the executor's requests to the broker, and back what comes of them. */
function relay(executor: TestExecutor, broker: Broker): void {
  const open = new Map<number, EgressExchange>();
  executor.listen((reply) => {
    if (reply.type === "egress")
      open.set(reply.egress, send(executor, broker, reply));
    else if (reply.type === "egress-pull")
      open.get(reply.egress)?.pull(reply.bytes);
    else if (reply.type === "egress-abort") open.get(reply.egress)?.abort();
  });
}

function send(
  executor: TestExecutor,
  broker: Broker,
  reply: Extract<Received, { type: "egress" }>,
): EgressExchange {
  const { id, egress, method, url, headers, redirect, body } = reply;
  const caller = { container, invocationId: `${executor.pid}`, wallMs: fileMs };
  return broker.open(
    { ...caller, method, url, headers, redirect, body },
    {
      head: (head) =>
        executor.send({ type: "egress-head", id, egress, ...head }),
      chunk: (bytes) =>
        executor.send({ type: "egress-chunk", id, egress }, bytes),
      end: () => executor.send({ type: "egress-end", id, egress }),
      failed: (failure) =>
        executor.send({ type: "egress-failure", id, egress, failure }),
    },
  );
}
