/** Completes records that a former release has written: what it did not know is as it was then. */
import type {
  ContainerLimits,
  ContainerSettings,
  ServingExtension,
} from "./catalog.ts";

/** A container's record: at first it held the name alone. */
export type ContainerRecord = Pick<ContainerSettings, "container"> &
  Partial<Omit<ContainerSettings, "limits">> & {
    readonly limits?: Partial<ContainerLimits>;
  };

/** An extension's record: at first nothing was quarantined. */
export type ExtensionRecord = Omit<
  ServingExtension,
  "quarantine" | "quarantineReleases"
> & { readonly quarantineReleases?: number };

export function completeContainer(record: ContainerRecord): ContainerSettings {
  return {
    container: record.container,
    labels: record.labels ?? {},
    trustGroup: record.trustGroup ?? "",
    limits: { ...noLimits, ...record.limits },
    egress: record.egress ?? { allow: [], deny: [] },
  };
}

export function completeExtension(record: ExtensionRecord): ServingExtension {
  return { ...record, quarantineReleases: record.quarantineReleases ?? 0 };
}

const noLimits: ContainerLimits = {
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
