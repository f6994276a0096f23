/** Runs a file of tests in an executor of its own, whose way out is a real broker. */
import { startBroker, type Broker } from "../../../sandboxd/broker/broker.ts";
import { serveInProcess } from "../../support/broker-in-process.ts";
import { relayEgress } from "../../support/egress-through-broker.ts";
import { answeredJson, startExecutor } from "../../support/executor.ts";
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
    relayEgress(executor, broker, { container, wallMs: fileMs });
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
