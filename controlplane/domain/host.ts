/** Hosts as the control plane sees them, and how far a version has come on them. */

/** So many quarantined versions of an extension are remembered of a host. */
const maxQuarantined = 8;

/** How far a host has come with a version; `compiled` includes `stored`, and `warm` both. */
export type HostVersionState =
  "stored" | "compiled" | "warm" | "refused" | "quarantined";

/** What a host holds of one version. */
export interface HostVersion {
  container: string;
  extension: string;
  version: number;
  state: HostVersionState;
  /** Where refused or quarantined: why. */
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
  quarantined: HostQuarantine[];
}

/** A host that has taken a version out of service, and why. */
export interface HostQuarantine {
  host: string;
  message: string;
}

/** The key of HeldVersions; neither containers nor extensions have a slash in their names. */
export function heldKeyOf(name: {
  container: string;
  extension: string;
}): string {
  return `${name.container}/${name.extension}`;
}

/**
 * What a host holds after it told of one version. One that begins to serve takes the place of all others but those in
 * quarantine, in whose place it may be serving; one that served already only became warm or cold, and says nothing of a
 * version refused since, be that a newer or an older one.
 */
export function withHeld(
  held: ReadonlyMap<number, HostVersion> | undefined,
  told: HostVersion,
): ReadonlyMap<number, HostVersion> {
  const isNews = isServing(told) && !isServing(held?.get(told.version));
  const others = [...(held ?? [])].filter(
    ([number]) => number !== told.version,
  );
  const quarantined = others.filter(isQuarantined).slice(-maxQuarantined);
  const rest = isNews ? [] : others.filter((one) => !isQuarantined(one));
  return new Map([...quarantined, ...rest, [told.version, told]]);
}

/** What a host holds once the quarantines it told of are released. */
export function withoutQuarantined(
  held: ReadonlyMap<number, HostVersion>,
): ReadonlyMap<number, HostVersion> {
  return new Map([...held].filter((one) => !isQuarantined(one)));
}

/** The connected hosts that have a version in quarantine. */
export function quarantinesOf(
  hosts: Iterable<Host>,
  version: { container: string; extension: string; number: number },
): HostQuarantine[] {
  const key = heldKeyOf(version);
  return [...hosts].flatMap(({ name, connected, versions }) => {
    const held = versions.get(key)?.get(version.number);
    if (!connected || held?.state !== "quarantined") return [];
    return [quarantineOf(name, held)];
  });
}

function isQuarantined([, { state }]: [number, HostVersion]): boolean {
  return state === "quarantined";
}

function quarantineOf(host: string, { refusal }: HostVersion): HostQuarantine {
  return { host, message: refusal?.message || refusal?.reason || "" };
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

/** Whether every host that wants the version has compiled it, refused it, or has it in quarantine. */
export function isSettled(rollout: Rollout): boolean {
  const { compiled, refused, quarantined, subscribed } = rollout;
  return compiled + refused.length + quarantined.length >= subscribed;
}

function count(rollout: Rollout, host: string, held: HostVersion): void {
  if (held.state === "refused") {
    const { reason = "", message = "" } = held.refusal ?? {};
    rollout.refused.push({ host, reason, message });
    return;
  }
  if (held.state === "quarantined") {
    rollout.quarantined.push(quarantineOf(host, held));
    return;
  }
  rollout.stored += 1;
  if (held.state === "stored") return;
  rollout.compiled += 1;
  if (held.state === "warm") rollout.warm += 1;
}
