/** What the benchmark is asked for. */
import { parseArgs } from "node:util";

/** How much is measured. */
export interface Plan {
  warmUpCalls: number;
  rounds: number;
  callsPerRound: number;
  /** Containers called for the first time. */
  coldContainers: number;
  /** Warm containers at which memory is looked at. */
  memoryAt: readonly number[];
  /** Small calls in a round beside large answers, and in one alone: long enough for several large ones. */
  neighbourCallsPerRound: number;
  /** Small calls in each of the five runs beside one loud container, and in each alone. */
  fairnessCallsPerRun: number;
  /** Calls that meet each limit. */
  limitCalls: number;
}

/** The parts of the benchmark, in the order they run. */
export const sections = [
  "hop",
  "tracing",
  "walls",
  "neighbour",
  "fairness",
  "limits",
  "cold",
  "surface",
] as const;
/** One of them. */
export type Section = (typeof sections)[number];

/** The options, complete. */
export interface BenchOptions {
  plan: Plan;
  isQuick: boolean;
  sections: readonly Section[];
  jsonFile: string | undefined;
}

const fullPlan: Plan = {
  warmUpCalls: 5000,
  rounds: 20,
  callsPerRound: 1000,
  coldContainers: 60,
  memoryAt: [1, 10, 50],
  neighbourCallsPerRound: 3000,
  fairnessCallsPerRun: 5000,
  limitCalls: 15,
};
const quickPlan: Plan = {
  warmUpCalls: 1000,
  rounds: 5,
  callsPerRound: 400,
  coldContainers: 20,
  memoryAt: [1, 10],
  neighbourCallsPerRound: 2000,
  fairnessCallsPerRun: 2000,
  limitCalls: 5,
};

/** Reads the command line; throws on what it does not know. */
export function readOptions(argv: string[]): BenchOptions {
  const { values } = parseArgs({
    args: argv,
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      only: { type: "string", multiple: true },
    },
  });
  return {
    plan: values.quick ? quickPlan : fullPlan,
    isQuick: values.quick,
    sections: sectionsOf(values.only),
    jsonFile: values.json,
  };
}

function sectionsOf(only: string[] | undefined): readonly Section[] {
  if (!only) return sections;
  const unknown = only.find((name) => !sections.some((each) => each === name));
  if (unknown !== undefined)
    throw new Error(
      `--only ${unknown}: there is no such part; known: ${sections.join(", ")}`,
    );
  return sections.filter((section) => only.includes(section));
}

/** How many samples a row of calls must have: ten beyond the 99.9th percentile, or in the quick run beyond the 99th. */
export function minSamplesOf({ isQuick }: BenchOptions): number {
  return isQuick ? 1000 : 10_000;
}
