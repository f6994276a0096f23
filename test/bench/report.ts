/** The benchmark's words: what was measured with what, the tables, and the verdict. */
import { cpus, loadavg, totalmem } from "node:os";
import Table from "cli-table3";
import type { Findings, FigureRow, LatencyRow, Must } from "./findings.ts";
import type { BenchOptions } from "./options.ts";
import type { Stage } from "./stage.ts";

/** Everything a run found, as `--json` writes it. */
export interface Report extends Findings {
  machine: Machine;
  options: BenchOptions;
  processes: Stage["processes"];
  /** Why the run is not to be relied on; empty where it is. */
  shortcomings: string[];
}

interface Machine {
  cpu: string;
  cores: number;
  memoryGb: number;
  node: string;
  loadBefore: number;
}

/** What it ran on. */
export function describeMachine(): Machine {
  const [loadBefore = 0] = loadavg();
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    loadBefore,
  };
}

/** Rows that cannot be relied on: too few samples, or calls that failed. */
export function shortcomingsOf({ latencies, figures }: Findings): string[] {
  const short = [...latencies, ...figures]
    .filter((row) => row.samples < row.minSamples)
    .map(
      (row) =>
        `${row.section}: ${row.name}: ${row.samples} samples, needs ${row.minSamples}`,
    );
  const failed = latencies.flatMap((row) =>
    row.failure === undefined
      ? []
      : [`${row.section}: ${row.name}: ${row.failure}`],
  );
  return [...short, ...failed];
}

/** The report as text. */
export function render(report: Report): string {
  return [
    header(report),
    processTable(report.processes),
    latencyTable(report.latencies),
    ratioTable(report.latencies),
    figureTable(report.figures),
    mustTable(report.musts),
    ...report.shortcomings.map((line) => `NOT TO BE RELIED ON: ${line}`),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function header({ machine, options }: Report): string {
  const { plan } = options;
  return `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, Node ${machine.node}, load ${machine.loadBefore.toFixed(2)} before
Sampling: closed loops; every call is timed by its caller, in a process of its own, from before it is made until its answer
is read; ${plan.rounds} rounds of ${plan.callsPerRound} calls, the targets in turns, after ${plan.warmUpCalls} calls each to warm up at 1 and at 16 in flight;
"of rounds" is the lowest and highest median of a round; percentiles with fewer than 10 samples beyond them are left out.
Function: 1 KiB of JSON in and out, parsed and written; echoes carry the same bytes.`;
}

function processTable(processes: Stage["processes"]): string {
  const table = newTable(["process", "pid"]);
  for (const { role, pid } of processes) table.push([role, pid]);
  return table.toString();
}

function latencyTable(rows: readonly LatencyRow[]): string {
  const table = newTable([
    "part",
    "target",
    "in flight",
    "p50 µs",
    "of rounds",
    "p90 µs",
    "p99 µs",
    "p99.9 µs",
    "calls/s",
    "samples",
  ]);
  for (const row of rows)
    table.push([
      row.section,
      row.name,
      row.inFlight,
      whole(row.p50Us),
      row.roundP50Us.map(whole).join("–"),
      ...[row.p90Us, row.p99Us, row.p999Us].map(whole),
      whole(row.callsPerSecond),
      row.samples,
    ]);
  return table.toString();
}

/** Ours by each peer: below 1 we are faster. */
function ratioTable(rows: readonly LatencyRow[]): string {
  const hop = rows.filter((row) => row.section === "hop");
  if (hop.length === 0) return "";
  const table = newTable([
    "p50 of … to that of …",
    "in flight",
    ...new Set(hop.filter((row) => !isOurs(row)).map((row) => row.name)),
  ]);
  for (const ours of hop.filter(isOurs)) {
    const peers = hop.filter(
      (row) => !isOurs(row) && row.inFlight === ours.inFlight,
    );
    table.push([
      ours.name,
      ours.inFlight,
      ...peers.map((peer) => `${(ours.p50Us / peer.p50Us).toFixed(2)}×`),
    ]);
  }
  return table.toString();
}

function isOurs({ name }: LatencyRow): boolean {
  return name.startsWith("ours");
}

function figureTable(rows: readonly FigureRow[]): string {
  if (rows.length === 0) return "";
  const table = newTable(["part", "figure", "value", "samples"]);
  for (const row of rows)
    table.push([
      row.section,
      row.name,
      `${Number(row.value.toFixed(2))} ${row.unit}`,
      row.samples,
    ]);
  return table.toString();
}

function mustTable(rows: readonly Must[]): string {
  if (rows.length === 0) return "";
  const table = newTable(["must", "bound", "measured", ""]);
  for (const row of rows)
    table.push([
      row.figure,
      row.bound,
      row.measured,
      row.isMet ? "met" : "MISSED",
    ]);
  return table.toString();
}

function newTable(head: string[]) {
  return new Table({ head, style: { head: [], border: [], compact: true } });
}

function whole(value: number | undefined): string {
  return value === undefined ? "–" : String(Math.round(value));
}
