/**
 * The executors of one container, or of those that share by an admin's word: which one a version's calls go to, when another
 * is started, what is done when one dies.
 */
import type { CallFailure } from "../../proto/errors.ts";
import { inlinePrefix, tooMany, type LoadableVersion } from "./call.ts";
import type { Death, Suspect } from "./death.ts";
import type { Executor, ExecutorEvents } from "./executor.ts";
import { nameOf, type VersionName } from "./held-versions.ts";
import { Lane } from "./lane.ts";
import type { ProcessLimits } from "./launcher.ts";
import type { Quarantine } from "./quarantine.ts";
import type { ExecutorSettings } from "./settings.ts";
import { usesLibrary } from "./uses-library.ts";
import { unloadTakenOver, unloadBefore } from "./unload.ts";

export interface ExecutorGroupOptions {
  /** An executor that may use so much, with Node's library loaded if possible, or why there is none to have. */
  take: (
    limits: ProcessLimits,
    isStocked: boolean,
  ) => Promise<Executor | CallFailure>;
  /** After this age an executor takes no more calls. */
  maxAgeMs: number;
  loadTimeoutMs: number;
  /** Versions of code in requests kept loaded in one executor, for each container. */
  maxInlineVersions: number;
  now: () => number;
  quarantine: Pick<Quarantine, "suspicion" | "clear">;
  events: ExecutorEvents;
}

export class ExecutorGroup {
  readonly #options: ExecutorGroupOptions;
  readonly #members = new Map<string, ExecutorSettings>();
  readonly #shared: Lane;
  /** One version, suspected beside others, has an executor of its own until it is known whose doing it was. */
  #apart: { version: Suspect; lane: Lane } | undefined;
  /** Executors that take no more calls. */
  readonly #leaving = new Set<Executor>();

  constructor(options: ExecutorGroupOptions) {
    this.#options = options;
    this.#shared = this.#newLane(() => this.#most("maxExecutors"));
  }

  /** All of them, those that are ending included. */
  get executors(): Executor[] {
    const apart = this.#apart?.lane.executors ?? [];
    return [...this.#shared.executors, ...apart, ...this.#leaving];
  }

  /** Nobody needs it any more. */
  get isEmpty(): boolean {
    const isStarting =
      this.#shared.isStarting || (this.#apart?.lane.isStarting ?? false);
    return !isStarting && !this.#apart && this.executors.length === 0;
  }

  /** Takes a container in, or its changed settings, which hold for living executors too. */
  join(container: string, settings: ExecutorSettings): void {
    this.#members.set(container, settings);
    this.#confine();
  }

  /** Lets a container go: what of it is idle is unloaded, the rest when it has ended. */
  leave(container: string): void {
    this.#members.delete(container);
    if (this.#apart?.version.container === container) this.#endApart();
    this.#unloadStrangers();
    this.#confine();
  }

  get members(): Iterable<string> {
    return this.#members.keys();
  }

  /** Whose code is in which process; of one with no code yet, whose may come. */
  pids(): { container: string; pid: number }[] {
    return this.executors.flatMap((executor) => {
      const held = executor.versions().map(({ container }) => container);
      const containers = held.length > 0 ? held : this.#members.keys();
      const { pid } = executor;
      return [...new Set(containers)].map((container) => ({ container, pid }));
    });
  }

  openCalls(container: string): number {
    let count = 0;
    for (const executor of this.executors)
      count += executor.openCallsOf(container);
    return count;
  }

  isWarm(version: VersionName): boolean {
    return this.executors.some((executor) => executor.isWarm(version));
  }

  /** An executor for a call of the version; at once where there is one. */
  acquire(
    version: LoadableVersion,
  ): Executor | Promise<Executor | CallFailure> {
    return this.#laneOf(version).acquire(version);
  }

  /** Loads a version in one of the executors, unless it is there; resolves with why it could not be. */
  async load(
    executor: Executor,
    version: LoadableVersion,
  ): Promise<CallFailure | undefined> {
    const isInline = version.key.startsWith(inlinePrefix);
    const refused = isInline && this.#makeRoomInline(executor, version);
    if (refused) return refused;
    const heapLimitMb = this.#members.get(version.container)?.heapLimitMb;
    return await executor.load(version, {
      timeoutMs: this.#options.loadTimeoutMs,
      heapLimitMb,
    });
  }

  /** Loads a version wherever another version of the same extension is ready. */
  async warmBeside(next: LoadableVersion, present: string): Promise<void> {
    const { container } = next;
    const warm = [...this.#laneOf(next).executors].filter((executor) =>
      executor.isWarm({ container, key: present }),
    );
    await Promise.all(
      warm.map(async (executor) => {
        await this.load(executor, next);
        unloadBefore(executor, next, present);
      }),
    );
  }

  /** Ends what is past its time, too old, or unused for longer than `idleMs`. */
  sweep(idleMs: number): void {
    const now = this.#options.now();
    for (const executor of this.executors) {
      executor.enforceTime();
      unloadTakenOver(executor);
      if (executor.isBusy) continue;
      const isIdle = now - executor.lastUsedMs > idleMs;
      const isLeaving = this.#leaving.has(executor) || this.#members.size === 0;
      if (isIdle || isLeaving || this.#isTooOld(executor))
        executor.kill("closed");
    }
    this.#unloadStrangers();
    if (this.#isApartNoLongerSuspected()) this.#endApart();
  }

  close(): void {
    for (const executor of this.executors) executor.kill("closed");
  }

  #newLane(maxExecutors: () => number): Lane {
    return new Lane({
      maxExecutors,
      take: async (version) => {
        const isStocked = usesLibrary(await version.read());
        return await this.#options.take(this.#limits(), isStocked);
      },
      adopted: (executor) => this.#adopted(executor),
      isTooOld: (executor) => this.#isTooOld(executor),
    });
  }

  #laneOf(version: VersionName): Lane {
    const apart = this.#apart;
    return apart && nameOf(version) === apart.version.name
      ? apart.lane
      : this.#shared;
  }

  #adopted(executor: Executor): void {
    const { warmth, loggedLate } = this.#options.events;
    executor.assign({
      warmth,
      loggedLate,
      exited: (death) => this.#exited(executor, death),
    });
    this.#confine();
  }

  #exited(executor: Executor, death: Death): void {
    this.#shared.executors.delete(executor);
    this.#apart?.lane.executors.delete(executor);
    this.#leaving.delete(executor);
    this.#confine();
    this.#options.events.exited(death);
    this.#setApart(death.suspects);
  }

  /**
   * Of several suspects one at a time is put apart: the one suspected most often, and of those the one called last. If the
   * next death happens without it, it was not it.
   */
  #setApart(suspects: readonly Suspect[]): void {
    // Containers that were moved out have left.
    const staying = suspects.filter(({ container }) =>
      this.#members.has(container),
    );
    if (staying.length < 2) return;
    const { quarantine } = this.#options;
    if (this.#apart) {
      if (quarantine.suspicion(this.#apart.version).alone > 0) return;
      quarantine.clear(this.#apart.version);
      this.#endApart();
    }
    const [likeliest] = staying.toSorted(
      (a, b) =>
        quarantine.suspicion(b).shared - quarantine.suspicion(a).shared ||
        b.sentMs - a.sentMs,
    );
    if (likeliest)
      this.#apart = { version: likeliest, lane: this.#newLane(() => 1) };
  }

  #isApartNoLongerSuspected(): boolean {
    if (!this.#apart) return false;
    const { alone, shared } = this.#options.quarantine.suspicion(
      this.#apart.version,
    );
    return alone + shared === 0;
  }

  #endApart(): void {
    const lane = this.#apart?.lane;
    this.#apart = undefined;
    if (!lane) return;
    for (const executor of lane.executors) this.#leaving.add(executor);
    lane.close((executor) => this.#leaving.add(executor));
  }

  /** Each may use the memory; the CPU they share. */
  #confine(): void {
    // What still runs for a container that has left goes on as it was.
    if (this.#members.size === 0) return;
    const executors = this.executors.filter(({ isAlive }) => isAlive);
    const limits = this.#limits();
    const share = Math.floor(limits.cpuPercent / Math.max(1, executors.length));
    const cpuPercent = Math.max(1, share);
    for (const executor of executors) {
      const { memoryMb } = executor;
      // Where there is not so much memory now, what it has.
      if (!executor.confine({ ...limits, cpuPercent }))
        executor.confine({ memoryMb, cpuPercent });
    }
  }

  #limits(): ProcessLimits {
    return {
      memoryMb: this.#most("memoryMb"),
      cpuPercent: this.#most("cpuPercent"),
    };
  }

  #most(name: "memoryMb" | "cpuPercent" | "maxExecutors"): number {
    return Math.max(1, ...[...this.#members.values()].map((one) => one[name]));
  }

  #unloadStrangers(): void {
    for (const executor of this.executors)
      for (const version of executor.versions())
        if (!this.#members.has(version.container)) executor.unload(version);
  }

  /** Unloads the longest unused code of requests where there is no room for more; tells where all of it is in use. */
  #makeRoomInline(
    executor: Executor,
    version: VersionName,
  ): CallFailure | undefined {
    const { maxInlineVersions } = this.#options;
    const held = executor
      .versions()
      .filter(
        ({ container, key }) =>
          container === version.container && key.startsWith(inlinePrefix),
      );
    if (held.length < maxInlineVersions) return undefined;
    if (held.some(({ key }) => key === version.key)) return undefined;
    const [longestUnused] = held
      .filter(({ isReady, openCalls }) => isReady && openCalls === 0)
      .toSorted((a, b) => a.lastUsedMs - b.lastUsedMs);
    if (longestUnused) {
      executor.unload(longestUnused);
      return undefined;
    }
    return tooMany({
      name: "inline_versions",
      value: maxInlineVersions,
      observed: held.length + 1,
    });
  }

  #isTooOld(executor: Executor): boolean {
    return this.#options.now() - executor.assignedMs > this.#options.maxAgeMs;
  }
}
