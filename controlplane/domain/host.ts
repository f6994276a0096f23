/** Hosts as the control plane sees them, and how far a version has come on them. */

/** How far a host has come with a version; each state but the last includes those before it. */
export type HostVersionState =
  "stored" | "compiled" | "warm" | "refused" | "quarantined";

/** What a host holds of one version. */
export interface HostVersion {
  container: string;
  extension: string;
  version: number;
  state: HostVersionState;
  /** Where refused: why. */
  refusal?: HostRefusal | undefined;
}

/** Why a host did not take a version. */
export interface HostRefusal {
  /** E.g. `syntax`. */
  reason: string;
  /** Begins with file:line:column where they are known. */
  message: string;
}

/** Which containers a host wants. */
export type Subscription =
  { kind: "all" } | { kind: "named"; containers: ReadonlySet<string> };

/** One running sandboxd. */
export interface Host {
  name: string;
  connected: boolean;
  /** When its present stream began, or its last ended. */
  sinceMs: number;
  subscription: Subscription;
  runtimes: string[];
  /** Where its HTTP gateway answers; empty where it has none. */
  runUrl: string;
  release: string;
  /** What walls its executors; empty where it does not say. */
  walls: string;
  /** What bounds their memory and CPU; empty where it does not say. */
  limits: string;
  /** The revision up to which it has everything; 0 before the first time. */
  revision: number;
  /** Whether its present stream has sent it everything once. */
  caughtUp: boolean;
  versions: HeldVersions;
}

/** What a host holds: by the extension's `container/name`, then by the version's number. */
export type HeldVersions = ReadonlyMap<
  string,
  ReadonlyMap<number, HostVersion>
>;

/** How far the connected hosts that want a version have come; each count includes those after it. */
export interface Rollout {
  version: number;
  subscribed: number;
  stored: number;
  compiled: number;
  warm: number;
  refused: (HostRefusal & { host: string })[];
  quarantined: { host: string; message: string }[];
}

/** The key of HeldVersions; neither containers nor extensions have a slash in their names. */
export function heldKeyOf(name: {
  container: string;
  extension: string;
}): string {
  return `${name.container}/${name.extension}`;
}

/**
 * What a host holds after it told of one version. One that begins to serve takes the place of all others; one that served
 * already only became warm or cold, and says nothing of a version refused since, be that a newer or an older one.
 */
export function withHeld(
  held: ReadonlyMap<number, HostVersion> | undefined,
  told: HostVersion,
): ReadonlyMap<number, HostVersion> {
  const isNews = isServing(told) && !isServing(held?.get(told.version));
  const kept = isNews ? [] : (held ?? []);
  return new Map([...kept, [told.version, told]]);
}

function isServing(version: HostVersion | undefined): boolean {
  return version?.state === "compiled" || version?.state === "warm";
}

/** Whether a host wants to know of a container. */
export function isSubscribed(
  subscription: Subscription,
  container: string,
): boolean {
  return subscription.kind === "all" || subscription.containers.has(container);
}

/** Counts how far a version has come on the connected hosts. */
export function rolloutOf(
  hosts: Iterable<Host>,
  wanted: { container: string; extension: string; version: number },
): Rollout {
  const { container, version } = wanted;
  const rollout: Rollout = {
    version,
    subscribed: 0,
    stored: 0,
    compiled: 0,
    warm: 0,
    refused: [],
    quarantined: [],
  };
  for (const host of hosts) {
    if (!host.connected || !isSubscribed(host.subscription, container))
      continue;
    rollout.subscribed += 1;
    const held = host.versions.get(heldKeyOf(wanted))?.get(version);
    if (held) count(rollout, host.name, held);
  }
  return rollout;
}

/** Whether every host that wants the version has compiled or refused it. */
export function isSettled(rollout: Rollout): boolean {
  return rollout.compiled + rollout.refused.length >= rollout.subscribed;
}

function count(rollout: Rollout, host: string, held: HostVersion): void {
  if (held.state === "refused") {
    const { reason = "", message = "" } = held.refusal ?? {};
    rollout.refused.push({ host, reason, message });
    return;
  }
  rollout.stored += 1;
  if (held.state === "stored") return;
  rollout.compiled += 1;
  if (held.state === "warm") rollout.warm += 1;
}
