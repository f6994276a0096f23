/** V8's figures, as far as the host tells them, and none of its switches. */
import { heapBytesOf } from "../heap.ts";
import type { Exports, RealmParts } from "../realm.ts";
import { refusal, refusedClass } from "../unavailable.ts";

const outside = "an extension is measured from outside";
const refuse = (name: string) => () => {
  throw refusal(`v8.${name}`, outside);
};

export function createBinding(parts: RealmParts): Exports {
  const facts = parts.loadScript("facts:v8");
  const { kHeapSpaces }: Exports = Object(
    typeof facts === "function" ? facts() : {},
  );
  const heapStatisticsBuffer = new Float64Array(15);
  const heapSpaceStatisticsBuffer = new Float64Array(4);
  return {
    kHeapSpaces,
    heapStatisticsBuffer,
    heapCodeStatisticsBuffer: new Float64Array(4),
    heapSpaceStatisticsBuffer,
    // Of no version: what vm gives as cached code is none of V8's.
    cachedDataVersionTag: () => 1,
    // In the order of Node's kTotalHeapSizeIndex and its kin.
    updateHeapStatisticsBuffer: () => {
      const { limit, total, used, external } = heapBytesOf(parts);
      heapStatisticsBuffer.fill(0);
      heapStatisticsBuffer.set([
        total,
        0,
        total,
        Math.max(0, limit - used),
        used,
        limit,
        external,
        external,
      ]);
      heapStatisticsBuffer[9] = 1;
      heapStatisticsBuffer[13] = external;
    },
    updateHeapCodeStatisticsBuffer: () => undefined,
    updateHeapSpaceStatisticsBuffer: () =>
      void heapSpaceStatisticsBuffer.fill(0),
    getCppHeapStatistics: () => ({}),
    setFlagsFromString: () => undefined,
    setHeapSnapshotNearHeapLimit: () => undefined,
    setHeapProfileNearHeapLimit: () => undefined,
    isStringOneByteRepresentation: (text: string) => !/[^\0-\xff]/.test(text),
    getHashSeed: () => 0,
    startCpuProfile: refuse("startCpuProfile"),
    stopCpuProfile: refuse("stopCpuProfile"),
    startHeapProfile: refuse("startHeapProfile"),
    stopHeapProfile: refuse("stopHeapProfile"),
    GCProfiler: refusedClass("v8.GCProfiler", outside),
  };
}
