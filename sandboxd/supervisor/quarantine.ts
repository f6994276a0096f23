/**
 * Which versions end their executors again and again. Every unplanned death is a strike against the versions that were open
 * in it; only where there was no other suspect does it count to the end.
 */
import type { CallFailure } from "../../proto/errors.ts";
import { inlinePrefix } from "./call.ts";
import { tellableHow, type Death, type Suspect } from "./death.ts";
import { nameOf, type VersionName } from "./held-versions.ts";

export interface QuarantineOptions {
  /** So many deaths within the window, as the only suspect, are too many. */
  after: number;
  windowMs: number;
  now: () => number;
  /** A version must be taken out of service; not told of code that came with a request, which is refused here. */
  quarantined: (version: VersionName, message: string) => void;
}

interface Strikes {
  /** When it was the only suspect, and when it was one of several. */
  alone: number[];
  shared: number[];
  /** Calls sent before have been judged. */
  reportedMs: number;
}

interface Refusal {
  untilMs: number;
  message: string;
}

/** Names are guests' choice; of more at once the oldest are forgotten. */
const maxNames = 10_000;
/** Code of requests is refused for so many windows. */
const inlineWindows = 10;

export class Quarantine {
  readonly #options: QuarantineOptions;
  readonly #strikes = new Map<string, Strikes>();
  readonly #refused = new Map<string, Refusal>();

  constructor(options: QuarantineOptions) {
    this.#options = options;
  }

  /** Takes a death down against whoever may have caused it. */
  strike(death: Death): void {
    const isShared = death.suspects.length > 1;
    for (const suspect of death.suspects) {
      const strikes = this.#recent(suspect.name) ?? this.#add(suspect.name);
      if (suspect.sentMs < strikes.reportedMs) continue;
      strikes[isShared ? "shared" : "alone"].push(this.#options.now());
      if (strikes.alone.length >= this.#options.after)
        this.#report(suspect, strikes, death);
    }
  }

  /** How often, of late, it was suspected alone and beside others. */
  suspicion(version: VersionName): { alone: number; shared: number } {
    const strikes = this.#recent(nameOf(version));
    return {
      alone: strikes?.alone.length ?? 0,
      shared: strikes?.shared.length ?? 0,
    };
  }

  /** What was suspected of it beside others has turned out to be others' doing. */
  clear(version: VersionName): void {
    const strikes = this.#strikes.get(nameOf(version));
    if (strikes) strikes.shared = [];
  }

  /** Why code that came with a request is not run. */
  refusal(version: VersionName): CallFailure | undefined {
    if (this.#refused.size === 0) return undefined;
    const name = nameOf(version);
    const refused = this.#refused.get(name);
    if (!refused) return undefined;
    if (refused.untilMs > this.#options.now())
      return { reason: "quarantined", message: refused.message };
    this.#refused.delete(name);
    return undefined;
  }

  #report(suspect: Suspect, strikes: Strikes, death: Death): void {
    const { windowMs, now, quarantined } = this.#options;
    const times = strikes.alone.length;
    const seconds = Math.round(windowMs / 1000);
    const message = `it ended its executor ${times} times within ${seconds} s, the last time like this: ${tellableHow(death)}`;
    strikes.alone = [];
    strikes.shared = [];
    strikes.reportedMs = now();
    if (!suspect.key.startsWith(inlinePrefix)) {
      quarantined(suspect, message);
      return;
    }
    const untilMs = now() + windowMs * inlineWindows;
    keepBounded(this.#refused, suspect.name, { untilMs, message });
  }

  /** What is known of a version, without what is too long ago. */
  #recent(name: string): Strikes | undefined {
    const strikes = this.#strikes.get(name);
    if (!strikes) return undefined;
    const sinceMs = this.#options.now() - this.#options.windowMs;
    const isRecent = (atMs: number) => atMs > sinceMs;
    strikes.alone = strikes.alone.filter(isRecent);
    strikes.shared = strikes.shared.filter(isRecent);
    return strikes;
  }

  #add(name: string): Strikes {
    const strikes = { alone: [], shared: [], reportedMs: -Infinity };
    keepBounded(this.#strikes, name, strikes);
    return strikes;
  }
}

function keepBounded<Value>(
  map: Map<string, Value>,
  name: string,
  value: Value,
): void {
  map.delete(name);
  map.set(name, value);
  const [oldest] = map.keys();
  if (map.size > maxNames && oldest !== undefined) map.delete(oldest);
}
