/** A broker with its service in the test's own process, where names resolve to whatever the test says. */
import { onTestFinished } from "vitest";
import { startBroker, type Broker } from "../../sandboxd/broker/broker.ts";
import type { BrokerProcess } from "../../sandboxd/broker/connection.ts";
import type { ContainerPolicy } from "../../sandboxd/broker/policy.ts";
import type { Query, Resolve } from "../../sandboxd/broker/resolve.ts";
import type { EgressProblem } from "../../sandboxd/protocol.ts";
import type {
  EgressExchange,
  EgressRequest,
  EgressSink,
} from "../../sandboxd/supervisor/egress.ts";
import { serveInProcess } from "./broker-in-process.ts";

/** Opens this machine's own servers, which nothing else does. */
export const openPolicy: ContainerPolicy = {
  allow: [],
  deny: [],
  internalHosts: ["127.0.0.1"],
  maxRequests: 100,
  maxBytes: 32 * 1024 * 1024,
  requestMs: 10_000,
  bytesPerSecond: 1024 * 1024 * 1024,
};

export interface TestBroker {
  broker: Broker;
  /** Names asked for, in order. */
  resolved: string[];
  warnings: object[];
  fetch: (url: string, options?: FetchOptions) => Promise<Fetched>;
  open: (url: string, options?: FetchOptions) => Fetching;
}

export type FetchOptions = Partial<EgressRequest> & {
  /** Pulls nothing of the body. */
  isIdle?: boolean;
};

/** What came of a request. */
export interface Fetched {
  head?: Parameters<EgressSink["head"]>[0];
  body: Buffer;
  problem?: EgressProblem;
}

export interface Fetching extends Fetched {
  exchange: EgressExchange;
  receivedBytes: number;
  chunks: number;
  largestChunk: number;
  done: Promise<Fetched>;
}

export interface TestBrokerOptions {
  policy?: Partial<ContainerPolicy>;
  /** Addresses by name, those of later lookups after those of the first; an empty list never comes, others have none. */
  names?: Record<string, string[][]>;
  /** Records of names; undefined: none. */
  query?: (name: string, kind: string) => Promise<unknown> | undefined;
  maxOpenEgress?: number;
  launch?: () => BrokerProcess;
  now?: () => number;
  ownAddresses?: () => string[];
}

/** Starts one with a container "acme", closed when the test ends. */
export async function startTestBroker(
  options: TestBrokerOptions = {},
): Promise<TestBroker> {
  const resolved: string[] = [];
  const warnings: object[] = [];
  const resolve = resolver(options.names ?? {}, resolved);
  const query: Query = (name, kind) => {
    resolved.push(`${kind} ${name}`);
    return options.query?.(name, kind) ?? Promise.reject(notFound(name));
  };
  const log = (fields: object) => void warnings.push(fields);
  const broker = startBroker({
    launch: options.launch ?? (() => serveInProcess(resolve, query, "acme")),
    limits: { maxOpenEgress: options.maxOpenEgress ?? 16 },
    now: options.now ?? (() => performance.now()),
    ...(options.ownAddresses && { ownAddresses: options.ownAddresses }),
    log: { info: () => undefined, warn: log, error: log },
  });
  onTestFinished(() => broker.close());
  broker.configure("acme", { ...openPolicy, ...options.policy });
  await broker.ready();
  const open = (url: string, fetchOptions: FetchOptions = {}) =>
    openRequest(broker, url, fetchOptions);
  return {
    broker,
    resolved,
    warnings,
    open,
    fetch: (url, fetchOptions) => open(url, fetchOptions).done,
  };
}

function resolver(
  names: Record<string, string[][]>,
  resolved: string[],
): Resolve {
  const counts = new Map<string, number>();
  return (name) => {
    resolved.push(name);
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    const answers = names[name] ?? [];
    const addresses = answers[Math.min(count, answers.length - 1)];
    if (addresses?.length === 0) return Promise.race([]); // nobody answers
    if (addresses) return Promise.resolve(addresses);
    return Promise.reject(notFound(name));
  };
}

function notFound(name: string): Error {
  return Object.assign(new Error(`no ${name} in 10.1.2.3`), {
    code: "ENOTFOUND",
  });
}

function openRequest(
  broker: Broker,
  url: string,
  { isIdle = false, ...changes }: FetchOptions,
): Fetching {
  const { promise: done, resolve } = Promise.withResolvers<Fetched>();
  const chunks: Buffer[] = [];
  const finish = (problem?: EgressProblem) => {
    fetching.body = Buffer.concat(chunks);
    if (problem) fetching.problem = problem;
    resolve(fetching);
  };
  const sink: EgressSink = {
    head: (head) => void (fetching.head = head),
    chunk: (bytes) => {
      chunks.push(Buffer.from(bytes));
      fetching.receivedBytes += bytes.length;
      fetching.chunks += 1;
      fetching.largestChunk = Math.max(fetching.largestChunk, bytes.length);
      if (!isIdle) exchange.pull(bytes.length);
    },
    end: () => finish(),
    failed: finish,
  };
  const exchange = broker.open(
    {
      container: "acme",
      invocationId: "invocation",
      method: "GET",
      url,
      headers: [],
      body: Buffer.alloc(0),
      wallMs: 20_000,
      ...changes,
    },
    sink,
  );
  const fetching: Fetching = {
    exchange,
    body: Buffer.alloc(0),
    receivedBytes: 0,
    chunks: 0,
    largestChunk: 0,
    done,
  };
  if (!isIdle) exchange.pull(256 * 1024);
  return fetching;
}
