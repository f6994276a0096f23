/**
 * One container that takes all it can get does not take it from its neighbours. How much they notice exactly is for the
 * benchmark to say, on a machine that does nothing else: the bounds here are wide.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { Annex as Client } from "../../clients/node/index.ts";
import type { TestAnnex } from "../support/annex.ts";
import type { LoudOutcome } from "../support/loud-caller.ts";
import {
  burnerSource,
  burnMs,
  downloadBytesPerCall,
  downloaderSource,
} from "../support/loud-extensions.ts";
import { callOf, openRawHop } from "../support/raw-hop.ts";
import { repositoryRoot } from "../support/paths.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";

const rounds = 5;
const callsPerRound = 400;
/** So long at least, so that what is beside comes to something. */
const roundMs = 500;
const timeoutMs = 90_000;
const mebibyte = 1024 * 1024;
/** What a neighbour's call may take at most: so many times what it takes alone, and a little for the machine's own noise. */
const factor = 4;
const noiseMs = 5;

let annex: TestAnnex;
let client: Client;
let origin: ChildProcess | undefined;

const sources = {
  slow: "module.exports = (cb) => setTimeout(() => cb(null, 1), 200);",
  echo: "module.exports = (ctx, cb) => cb(null, ctx.data);",
  burn: burnerSource,
  large: `const text = "x".repeat(${6 * mebibyte - 1024}); module.exports = (cb) => cb(null, text);`,
};

beforeAll(async () => {
  annex = await openAnnex();
  client = annex.client();
  // A container of its own for each, so that one test's calls that are left are not the next one's.
  const host = await startOrigin();
  await annex
    .control("egress")
    .updateEgress({ egress: { internalHosts: [host] } });
  const published = {
    ...sources,
    download: downloaderSource(host),
    quiet: sources.echo,
  };
  for (const [name, source] of Object.entries(published)) {
    await annex.createContainer(name);
    await annex.publish(name, name, source);
  }
  for (let round = 0; round < 3; round++) await callTimes();
});

afterAll(async () => {
  await closeAnnex(annex);
  origin?.kill();
});

/** Starts who sends what is downloaded; gives its host:port. */
async function startOrigin(): Promise<string> {
  origin = fork(join(repositoryRoot, "test/support/loud-origin.ts"));
  await once(origin, "message");
  origin.send("where");
  const [host] = await once(origin, "message");
  return String(host);
}

/** A neighbour's calls, one after the other, in milliseconds, the quickest first. */
async function callTimes(): Promise<number[]> {
  const times: number[] = [];
  const endMs = performance.now() + roundMs;
  for (let call = 0; ; call++) {
    const began = performance.now();
    if (call >= callsPerRound && began >= endMs) break;
    const outcome = await client.invoke({
      container: "quiet",
      extension: "quiet",
      payload: { call },
    });
    expect(outcome.kind).toBe("result");
    times.push(performance.now() - began);
  }
  return times.toSorted((one, other) => one - other);
}

/** Calls loudly from a process of its own, between `start` and `stop`. */
async function startLoud(name: string, streams: number, inFlight: number) {
  const program = join(repositoryRoot, "test/support/loud-caller.ts");
  const child = fork(program, [
    annex.socket,
    name,
    name,
    String(streams),
    String(inFlight),
  ]);
  onTestFinished(() => void child.kill());
  await once(child, "message");
  return {
    start: () => void child.send("start"),
    async stop(): Promise<LoudOutcome> {
      child.send("stop");
      const [outcome] = await once(child, "message");
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it says nothing else
      return outcome as LoudOutcome;
    },
  };
}

/** A stream of a connection of its own, which keeps nothing of what it receives. */
function openCounted() {
  const hop = openRawHop(annex.socket);
  const waiting = new Map<bigint, () => void>();
  let lastId = 0n;
  let refused = 0;
  const stream = hop.openStream(({ id, message }) => {
    const isResult =
      message?.$case === "response" &&
      message.value.outcome?.$case === "result";
    if (!isResult) refused++;
    waiting.get(id)?.();
    waiting.delete(id);
  });
  return {
    refused: () => refused,
    send: (name: string) => stream.invoke(++lastId, callOf(name, name, {})),
    call(name: string): Promise<void> {
      this.send(name);
      return new Promise((resolve) => waiting.set(lastId, resolve));
    },
    [Symbol.dispose]: () => hop[Symbol.dispose](),
  };
}

type CountedStream = ReturnType<typeof openCounted>;

/** Calls the slow container, far beyond what it may queue. */
function callAtRate(stream: CountedStream, perSecond: number) {
  const maxPerTick = 40;
  const began = performance.now();
  let due = 0;
  const timer = setInterval(() => {
    const wished = ((performance.now() - began) / 1000) * perSecond;
    // What a busy machine kept from being sent in time is not made up for.
    for (let sent = 0; due < wished; due++)
      if (sent++ < maxPerTick) stream.send("slow");
  }, 2);
  onTestFinished(() => clearInterval(timer));
  return { stop: () => clearInterval(timer) };
}

/** As callTimes, by a stream of our own. */
async function streamTimes(stream: CountedStream): Promise<number[]> {
  const times: number[] = [];
  const endMs = performance.now() + roundMs;
  while (performance.now() < endMs) {
    const began = performance.now();
    await stream.call("quiet");
    times.push(performance.now() - began);
  }
  return times;
}

/**
 * Rounds alone and beside the load in turns; gives the median of their percentile alone and the best beside, and what came of
 * the load. The best, since what else this machine does slows some rounds, and an unfair host all of them.
 */
async function compare(
  percentile: number,
  load: Awaited<ReturnType<typeof startLoud>>,
) {
  const alone: number[] = [];
  const beside: number[] = [];
  const all: LoudOutcome = { answered: 0, refused: 0, elapsedMs: 0 };
  for (let round = 0; round < rounds; round++) {
    alone.push(percentileOf(await callTimes(), percentile));
    load.start();
    beside.push(percentileOf(await callTimes(), percentile));
    const { answered, refused, elapsedMs } = await load.stop();
    all.answered += answered;
    all.refused += refused;
    all.elapsedMs += elapsedMs;
  }
  return {
    aloneMs: percentileOf(alone, 50),
    besideMs: Math.min(...beside),
    ...all,
  };
}

function percentileOf(times: number[], percentile: number): number {
  const sorted = times.toSorted((one, other) => one - other);
  return sorted[Math.floor((sorted.length * percentile) / 100)] ?? Infinity;
}

function bound(aloneMs: number): number {
  return aloneMs * factor + noiseMs;
}

test(
  "a container that floods the socket on several streams",
  async () => {
    const load = await startLoud("echo", 4, 1024);
    const { aloneMs, besideMs, answered, refused } = await compare(90, load);
    expect(besideMs).toBeLessThan(bound(aloneMs));
    expect(answered).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(0);
  },
  timeoutMs,
);

test(
  "a container that is refused 4000 calls a second on the stream that its neighbour's calls come by",
  async () => {
    using shared = openCounted();
    using own = openCounted();
    const load = callAtRate(shared, 4000);
    const onShared: number[] = [];
    const onOwn: number[] = [];
    for (let round = 0; round < rounds; round++) {
      onOwn.push(percentileOf(await streamTimes(own), 90));
      onShared.push(percentileOf(await streamTimes(shared), 90));
    }
    load.stop();
    const ownMs = percentileOf(onOwn, 50);
    expect(Math.min(...onShared)).toBeLessThan(bound(ownMs));
    expect(shared.refused()).toBeGreaterThan(rounds * 100);
  },
  timeoutMs,
);

test(
  "a container that burns its processors",
  async () => {
    const load = await startLoud("burn", 1, 64);
    const { aloneMs, besideMs, answered, elapsedMs } = await compare(90, load);
    expect(besideMs).toBeLessThan(bound(aloneMs));
    // Two executors at most; the first seconds and a busy machine leave less.
    expect((answered * burnMs) / elapsedMs).toBeGreaterThan(0.5);
  },
  timeoutMs,
);

test(
  "a container that answers with 6 MiB",
  async () => {
    const load = await startLoud("large", 1, 4);
    const { aloneMs, besideMs, answered } = await compare(95, load);
    expect(besideMs).toBeLessThan(bound(aloneMs));
    expect(answered).toBeGreaterThan(4 * rounds);
  },
  timeoutMs,
);

test(
  "a container that downloads at its full rate",
  async () => {
    const load = await startLoud("download", 1, 4);
    const { aloneMs, besideMs, answered, elapsedMs } = await compare(90, load);
    expect(besideMs).toBeLessThan(bound(aloneMs));
    const perSecond = (answered * downloadBytesPerCall) / (elapsedMs / 1000);
    expect(perSecond).toBeGreaterThan(2 * mebibyte);
  },
  timeoutMs,
);
