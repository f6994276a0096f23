/** Who is connected and what each host holds. It lives in memory: hosts tell it anew when they join. */
import { EventEmitter } from "node:events";
import { AnnexError } from "../../proto/errors.ts";
import {
  heldKeyOf,
  isSubscribed,
  withHeld,
  withoutQuarantined,
  type Host,
  type HostVersion,
  type Subscription,
} from "../domain/host.ts";

/** So many hosts that have left are remembered. */
export const maxAbsentHosts = 1_000;

/** What a host says of itself when it joins. */
export interface Introduction {
  name: string;
  subscription: Subscription;
  runtimes: string[];
  runUrl: string;
  release: string;
  walls: string;
  limits: string;
  /** Counts once it is known to be of our history. */
  held: HostVersion[];
}

/** One stream's hold on its host; without effect once another stream of the same name has taken over. */
export interface Membership {
  tell(held: HostVersion): void;
  /** It has an extension's quarantines, of whatever version, up to so many releases. */
  released(name: ExtensionName, releases: number): void;
  forget(name: ExtensionName): void;
  /** It was sent everything. */
  caughtUp(): void;
  /** It has everything up to a revision. */
  reached(revision: number): void;
  leave(): void;
}

interface ExtensionName {
  container: string;
  extension: string;
}

interface Member {
  host: Host & { versions: Map<string, ReadonlyMap<number, HostVersion>> };
  /** How often quarantines were released, as the host knows it; by the extension's `container/name`. */
  releases: Map<string, number>;
  end: (reason: AnnexError) => void;
}

/** The hosts that are here, and those that were lately. */
export class Fleet {
  /** Emits `change`, gathered per turn of the event loop. */
  readonly changes = new EventEmitter<{ change: [] }>();
  readonly #members = new Map<string, Member>();
  readonly #closing = new AbortController();
  readonly #now: () => number;
  #changed: NodeJS.Immediate | undefined;

  constructor(now: () => number) {
    this.#now = now;
    this.changes.setMaxListeners(0);
  }

  /** Aborted by close(). */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** By name. */
  hosts(): Host[] {
    return [...this.#members.values()]
      .map(({ host }) => host)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  host(name: string): Host | undefined {
    return this.#members.get(name)?.host;
  }

  /** Where the hosts that can serve a forwarded HTTP call to a container answer. */
  runUrls(container: string): string[] {
    return [...this.#members.values()]
      .filter(({ host }) => host.connected && host.caughtUp)
      .filter(({ host }) => isSubscribed(host.subscription, container))
      .map(({ host }) => host.runUrl)
      .filter((url) => url !== "");
  }

  /** Adds a host; a stream that was there under its name is ended. */
  join(
    introduction: Introduction,
    end: (reason: AnnexError) => void,
  ): Membership {
    const host = hostOf(introduction, this.#now());
    const member = { host, releases: new Map<string, number>(), end };
    const before = this.#members.get(introduction.name);
    this.#members.delete(introduction.name);
    this.#members.set(introduction.name, member);
    if (before?.host.connected) before.end(takenOver(introduction.name));
    this.#forgetAbsent();
    this.#change();
    return this.#membershipOf(member);
  }

  /** Lets who waits for a change go. */
  close(): void {
    this.#closing.abort();
    clearImmediate(this.#changed);
  }

  #membershipOf(member: Member): Membership {
    const { host } = member;
    const change = (make: () => void) => {
      if (this.#members.get(host.name) !== member) return;
      make();
      this.#change();
    };
    return {
      tell: (held) => change(() => tell(host.versions, held)),
      released: (name, releases) =>
        change(() => release(member, heldKeyOf(name), releases)),
      forget: (name) => change(() => host.versions.delete(heldKeyOf(name))),
      caughtUp: () => change(() => (host.caughtUp = true)),
      reached: (revision) => change(() => (host.revision = revision)),
      leave: () =>
        change(() => {
          host.connected = false;
          host.caughtUp = false;
          host.sinceMs = this.#now();
        }),
    };
  }

  #forgetAbsent(): void {
    const absent = [...this.#members.values()].filter(
      ({ host }) => !host.connected,
    );
    const excess = absent.slice(0, Math.max(0, absent.length - maxAbsentHosts));
    for (const { host } of excess) this.#members.delete(host.name);
  }

  #change(): void {
    this.#changed ??= setImmediate(() => {
      this.#changed = undefined;
      this.changes.emit("change");
    });
  }
}

function hostOf(introduction: Introduction, sinceMs: number): Member["host"] {
  const { held: _, ...said } = introduction;
  return {
    ...said,
    connected: true,
    sinceMs,
    revision: 0,
    caughtUp: false,
    versions: new Map(),
  };
}

function tell(
  versions: Map<string, ReadonlyMap<number, HostVersion>>,
  held: HostVersion,
): void {
  const key = heldKeyOf(held);
  versions.set(key, withHeld(versions.get(key), held));
}

/** What was quarantined before a release that the host has heard of is so no more. */
function release(member: Member, key: string, releases: number): void {
  const before = member.releases.get(key) ?? 0;
  if (releases > 0) member.releases.set(key, releases);
  const held = member.host.versions.get(key);
  if (held && releases > before)
    member.host.versions.set(key, withoutQuarantined(held));
}

function takenOver(name: string): AnnexError {
  return new AnnexError(
    "conflict",
    `another stream of host ${JSON.stringify(name)} has taken over; if that is another host, give one of them another name`,
  );
}
