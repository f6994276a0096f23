/**
 * What a call may use: the host's defaults, overridden by its container's, narrowed by its point's and by its own.
 * Made once beside the invoker, `const limitsOf = createCallLimits(config, catalog)`, then asked once a call:
 * `limitsOf(request)` for a target, which must have been resolved, and for code of a request alike. From `wallMs` the time
 * a call has spent waiting is still to be taken off.
 */
import type { InvokeRequest } from "../../proto/gen/annex/invoke/v1/invoke.ts";

/** What one call may use, in milliseconds. */
export interface CallLimits {
  /** From admission to answer, awaits included. */
  readonly wallMs: number;
  /** Whose wall time that is: "deadline" where the caller waits no longer. */
  readonly wallClock: "wall_time" | "deadline";
  /** The longest its code may run without returning to the event loop. */
  readonly syncMs: number;
  readonly cpuMs: number;
}

/** The three clocks, in milliseconds; named as in settings.ts. */
export interface Clocks {
  readonly wallMs: number;
  readonly syncMs: number;
  readonly cpuMs: number;
}

/** Where limits are read: objects that are never changed, only replaced. In `limits` 0 means the host's default. */
export interface LimitSource {
  containerSettings(container: string): { readonly limits: Clocks } | undefined;
  /** 0: as the container may. */
  pointLimits(point: string): Clocks | undefined;
}

/** Of a request: its names, and what it asks for itself (0: nothing). */
export type LimitedRequest = Pick<
  InvokeRequest,
  "container" | "target" | "timeoutMs" | "syncMs" | "cpuMs"
>;

export function createCallLimits(
  defaults: Clocks,
  source: LimitSource,
): (request: LimitedRequest) => CallLimits {
  const clocksOf = createMerge(defaults);
  return (request) => {
    const { target } = request;
    const { wallMs, syncMs, cpuMs } = clocksOf(
      source.containerSettings(request.container)?.limits,
      target?.$case === "point" ? source.pointLimits(target.value) : undefined,
    );
    const isDeadline = request.timeoutMs > 0 && request.timeoutMs < wallMs;
    return {
      wallMs: isDeadline ? request.timeoutMs : wallMs,
      wallClock: isDeadline ? "deadline" : "wall_time",
      syncMs: narrowed(syncMs, request.syncMs),
      cpuMs: narrowed(cpuMs, request.cpuMs),
    };
  };
}

/**
 * Merges a container's and a point's clocks once, and remembers it for as long as both objects live: since they are
 * replaced whenever they change, nothing has to be told of a change, and nothing outlives what it was made of.
 */
function createMerge(defaults: Clocks) {
  const unlimited: Clocks = { wallMs: 0, syncMs: 0, cpuMs: 0 };
  const merged = new WeakMap<Clocks, WeakMap<Clocks, Clocks>>();

  return (container = unlimited, point = unlimited): Clocks => {
    let ofContainer = merged.get(container);
    if (!ofContainer) merged.set(container, (ofContainer = new WeakMap()));
    let clocks = ofContainer.get(point);
    if (!clocks)
      ofContainer.set(point, (clocks = merge(defaults, container, point)));
    return clocks;
  };
}

function merge(defaults: Clocks, container: Clocks, point: Clocks): Clocks {
  const { wallMs, syncMs, cpuMs } = defaults;
  return {
    wallMs: narrowed(container.wallMs || wallMs, point.wallMs),
    syncMs: narrowed(container.syncMs || syncMs, point.syncMs),
    cpuMs: narrowed(container.cpuMs || cpuMs, point.cpuMs),
  };
}

/** The smaller; 0 narrows nothing. */
function narrowed(limit: number, by: number): number {
  return by > 0 && by < limit ? by : limit;
}
