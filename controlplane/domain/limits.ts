/** What containers and points may limit, and how far. 0 always means: not limited here. */
import { AnnexError } from "../../proto/errors.ts";

/** What a container's code may use on each host; 0: the host's default. */
export interface ContainerLimits {
  heapMb: number;
  memoryMb: number;
  cpuPercent: number;
  cpuMs: number;
  syncMs: number;
  wallMs: number;
  maxRunningCalls: number;
  maxQueuedCalls: number;
  maxExecutors: number;
  maxEgressRequests: number;
  maxEgressBytes: number;
  egressMs: number;
  egressBytesPerSecond: number;
}

/** What calls at a point may use at most; 0: as the container may. */
export interface PointLimits {
  cpuMs: number;
  syncMs: number;
  wallMs: number;
}

export const noContainerLimits: ContainerLimits = {
  heapMb: 0,
  memoryMb: 0,
  cpuPercent: 0,
  cpuMs: 0,
  syncMs: 0,
  wallMs: 0,
  maxRunningCalls: 0,
  maxQueuedCalls: 0,
  maxExecutors: 0,
  maxEgressRequests: 0,
  maxEgressBytes: 0,
  egressMs: 0,
  egressBytesPerSecond: 0,
};

export const noPointLimits: PointLimits = { cpuMs: 0, syncMs: 0, wallMs: 0 };

/** What an executor needs besides one isolate's heap. */
const memoryAboveHeapMb = 64;

/** Throws `invalid`, naming the field, its value and its range. */
export function checkContainerLimits(limits: ContainerLimits): void {
  check({ ...limits }, containerRanges, "the host's default");
  const { heapMb, memoryMb } = limits;
  if (heapMb === 0 || memoryMb === 0) return;
  if (memoryMb >= heapMb + memoryAboveHeapMb) return;
  throw new AnnexError(
    "invalid",
    `limits.memory_mb is ${memoryMb}: with limits.heap_mb ${heapMb} it is at least ${heapMb + memoryAboveHeapMb}, for an executor needs ${memoryAboveHeapMb} MB besides the heap`,
  );
}

/** Throws `invalid`, naming the field, its value and its range. */
export function checkPointLimits(limits: PointLimits): void {
  check({ ...limits }, pointRanges, "what the container may");
}

interface Range {
  min: number;
  max: number;
}

type Ranges<Limits> = Record<keyof Limits, Range>;

const time: Range = { min: 1, max: 300_000 };
const gibibyte = 1024 * 1024 * 1024;

const pointRanges: Ranges<PointLimits> = {
  cpuMs: time,
  syncMs: time,
  wallMs: time,
};

const containerRanges: Ranges<ContainerLimits> = {
  ...pointRanges,
  heapMb: { min: 16, max: 4096 },
  memoryMb: { min: 128, max: 16_384 },
  cpuPercent: { min: 1, max: 6400 },
  maxRunningCalls: { min: 1, max: 10_000 },
  maxQueuedCalls: { min: 1, max: 10_000 },
  maxExecutors: { min: 1, max: 1000 },
  maxEgressRequests: { min: 1, max: 10_000 },
  maxEgressBytes: { min: 1024, max: gibibyte },
  egressMs: time,
  egressBytesPerSecond: { min: 1024, max: gibibyte },
};

function check(
  limits: Record<string, number>,
  ranges: Record<string, Range>,
  otherwise: string,
): void {
  for (const [name, { min, max }] of Object.entries(ranges)) {
    const value = limits[name] ?? 0;
    if (value === 0) continue;
    if (Number.isInteger(value) && value >= min && value <= max) continue;
    throw new AnnexError(
      "invalid",
      `limits.${wireNameOf(name)} is ${value}: it is ${min} to ${max}, or 0 for ${otherwise}`,
    );
  }
}

/** As the wire spells it: heapMb is heap_mb. */
function wireNameOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
