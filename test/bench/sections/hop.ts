/** The hop beside its peers: one call in flight, then sixteen. */
import { boundMust, latencyRow, ratioMust, seriesOf } from "../findings.ts";
import type { Findings, Must } from "../findings.ts";
import { measureInTurns, warmUp } from "../measure.ts";
import type { SeriesByTarget } from "../measure.ts";
import { minSamplesOf } from "../options.ts";
import type { Stage } from "../stage.ts";
import { extensionSource } from "../workload.ts";

const names = {
  stream: "ours, InvokeStream",
  unary: "ours, Invoke",
  skipped: "ours, Skipped",
  rawEcho: "raw socket echo",
  grpcStream: "grpc-js stream echo",
  grpcUnary: "grpc-js unary echo",
  workerd: "workerd",
  deno: "Deno",
} as const;
const inFlights = [1, 16];

/** Measures us and the peers in turns. */
export async function measureHop(stage: Stage): Promise<Findings> {
  await openTargets(stage);
  const targets = Object.values(names);
  const { plan } = stage.options;
  await warmUp(stage.caller, targets, plan);
  const findings: Findings = { latencies: [], figures: [], musts: [] };
  for (const inFlight of inFlights) {
    const all = await measureInTurns(stage.caller, targets, plan, inFlight);
    for (const [name, series] of all)
      findings.latencies.push(
        latencyRow("hop", name, inFlight, series, minSamplesOf(stage.options)),
      );
    findings.musts.push(
      ...(inFlight === 1 ? mustsAlone(all) : mustsTogether(all)),
    );
  }
  return findings;
}

async function openTargets({ caller, ...stage }: Stage): Promise<void> {
  const peers = await stage.startPeers();
  const ours = await stage.ours("traced-1", "1 %");
  await ours.publish("bench", "hop", extensionSource);
  const { socket } = ours;
  const container = "bench";
  const call = { extension: "hop" };
  await caller.open(names.rawEcho, { kind: "raw-echo", socket: peers.raw });
  await caller.open(names.grpcStream, {
    kind: "grpc-stream",
    socket: peers.grpc,
  });
  await caller.open(names.grpcUnary, {
    kind: "grpc-unary",
    socket: peers.grpc,
  });
  await caller.open(names.workerd, { kind: "http", socket: peers.workerd });
  await caller.open(names.deno, { kind: "http", socket: peers.deno });
  await caller.open(names.stream, {
    kind: "annex-stream",
    socket,
    container,
    call,
    expect: "answer",
  });
  await caller.open(names.unary, {
    kind: "annex-unary",
    socket,
    container,
    call,
    expect: "answer",
  });
  await caller.open(names.skipped, {
    kind: "annex-stream",
    socket,
    container,
    call: { point: "nothing-bound-here" },
    expect: "skipped",
  });
}

function mustsAlone(all: SeriesByTarget): Must[] {
  const of = (name: string) => seriesOf(all, name).latency();
  const stream = of(names.stream);
  const echo = of(names.grpcStream);
  return [
    ratioMust(
      "InvokeStream p50, tracing 1 %, to grpc-js stream echo",
      stream.p50Us,
      echo.p50Us,
      2.5,
    ),
    boundMust(
      "InvokeStream p99, tracing 1 %",
      (stream.p99Us ?? Infinity) / 1000,
      1,
      "ms",
    ),
    ratioMust(
      "Invoke p50 to grpc-js unary echo",
      of(names.unary).p50Us,
      of(names.grpcUnary).p50Us,
      1.5,
    ),
    ratioMust(
      "Skipped p50 to grpc-js stream echo",
      of(names.skipped).p50Us,
      echo.p50Us,
      1.2,
    ),
  ];
}

function mustsTogether(all: SeriesByTarget): Must[] {
  const ours = seriesOf(all, names.stream).latency();
  const workerd = seriesOf(all, names.workerd).latency();
  return [
    ratioMust(
      "InvokeStream p50 to workerd, 16 in flight",
      ours.p50Us,
      workerd.p50Us,
      1,
    ),
    ratioMust(
      "workerd calls/s to ours, 16 in flight",
      workerd.callsPerSecond,
      ours.callsPerSecond,
      1,
    ),
  ];
}
