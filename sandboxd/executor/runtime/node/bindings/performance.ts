/** The clock of `performance`: coarse, and from when the isolate was made. Nothing is observed but what the guest marks. */
import { Histogram } from "../histogram.ts";
import type { Exports, RealmParts } from "../realm.ts";

const milestoneCount = 8;
const observedKinds = 8;
/** Of Node, in `constants`. */
const originTimestamp = "NODE_PERFORMANCE_MILESTONE_TIME_ORIGIN_TIMESTAMP";

const nothing = () => undefined;

export function createBinding({ host, loadScript }: RealmParts): Exports {
  // Of tenths, as exact as they can be.
  const now = () => Math.round(Number(host("clock")) * 10) / 10;
  const facts = loadScript("facts:performance");
  const { constants }: Exports =
    typeof facts === "function" ? facts() : Object.create(null);
  const milestones = new Float64Array(milestoneCount);
  const origin = Number(Reflect.get(Object(constants), originTimestamp));
  // In microseconds.
  milestones[origin] = (Date.now() - now()) * 1000;
  return {
    now,
    milestones,
    observerCounts: new Uint32Array(observedKinds),
    uvMetricsBuffer: new Int32Array(3),
    loopIdleTime: () => 0,
    setupObservers: nothing,
    installGarbageCollectionTracking: nothing,
    removeGarbageCollectionTracking: nothing,
    notify: nothing,
    markBootstrapComplete: nothing,
    uvMetricsInfo: nothing,
    Histogram,
    SlidingWindowHistogram: Histogram,
    createELDHistogram: () => new Histogram(),
  };
}
