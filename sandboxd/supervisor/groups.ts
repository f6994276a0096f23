/** Which containers share executors: each has its own, or those of its trust group, until it is known to have ended one. */
import type { Death } from "./death.ts";
import type { Executor } from "./executor.ts";
import { ExecutorGroup, type ExecutorGroupOptions } from "./executor-group.ts";
import type { ExecutorSettings } from "./settings.ts";

export interface GroupsOptions extends Omit<ExecutorGroupOptions, "events"> {
  settingsOf: (container: string) => ExecutorSettings;
  events: ExecutorGroupOptions["events"];
  /** A container no longer shares executors with its trust group. */
  movedOut: (container: string, trustGroup: string) => void;
}

interface Member {
  group: ExecutorGroup;
  settings: ExecutorSettings;
}

export class Groups {
  readonly #options: GroupsOptions;
  readonly #groups = new Map<string, ExecutorGroup>();
  readonly #members = new Map<string, Member>();
  /** Until their settings change. */
  readonly #movedOut = new Set<string>();

  constructor(options: GroupsOptions) {
    this.#options = options;
  }

  all(): Iterable<ExecutorGroup> {
    return this.#groups.values();
  }

  executors(): Executor[] {
    return [...this.#groups.values()].flatMap(({ executors }) => executors);
  }

  /** Of a container, wherever it has been. */
  openCalls(container: string): number {
    let count = 0;
    for (const group of this.#groups.values())
      count += group.openCalls(container);
    return count;
  }

  /** That of a container, if it has had calls of late. */
  known(container: string): ExecutorGroup | undefined {
    return this.#members.get(container)?.group;
  }

  of(container: string): ExecutorGroup {
    return this.#members.get(container)?.group ?? this.#enter(container);
  }

  /** Reads a container's settings anew, and forgets what it was moved out for. */
  settingsChanged(container: string): void {
    this.#movedOut.delete(container);
    if (this.#members.has(container)) this.#enter(container);
  }

  /** Forgets groups that have nothing left. */
  sweep(idleMs: number): void {
    for (const [key, group] of this.#groups) {
      group.sweep(idleMs);
      if (!group.isEmpty) continue;
      this.#groups.delete(key);
      for (const container of group.members) this.#members.delete(container);
    }
  }

  #enter(container: string): ExecutorGroup {
    const settings = this.#options.settingsOf(container);
    const key = this.#keyOf(container, settings);
    const group = this.#groups.get(key) ?? this.#create(key);
    const before = this.#members.get(container)?.group;
    if (before !== group) before?.leave(container);
    this.#members.set(container, { group, settings });
    group.join(container, settings);
    return group;
  }

  #keyOf(container: string, { trustGroup }: ExecutorSettings): string {
    const isAlone = trustGroup === "" || this.#movedOut.has(container);
    return isAlone ? `container ${container}` : `group ${trustGroup}`;
  }

  #create(key: string): ExecutorGroup {
    const { events } = this.#options;
    const group = new ExecutorGroup({
      ...this.#options,
      events: {
        ...events,
        exited: (death) => {
          events.exited(death);
          this.#moveOut(group, death);
        },
      },
    });
    this.#groups.set(key, group);
    return group;
  }

  /** Of several suspects the group finds out which it was. */
  #moveOut(group: ExecutorGroup, { suspects }: Death): void {
    const containers = new Set(suspects.map((one) => one.container));
    const [container] = containers;
    if (container === undefined || containers.size > 1) return;
    const member = this.#members.get(container);
    if (member?.group !== group || member.settings.trustGroup === "") return;
    if (this.#movedOut.has(container)) return;
    this.#movedOut.add(container);
    this.#options.movedOut(container, member.settings.trustGroup);
    this.#enter(container);
  }
}
