/** No snapshots of the heap. */
import type { Exports, RealmParts } from "../realm.ts";
import { refusal } from "../unavailable.ts";

export function createBinding(_parts: RealmParts): Exports {
  const refuse = (name: string) => () => {
    throw refusal(`v8.${name}`, "an extension is measured from outside");
  };
  return {
    buildEmbedderGraph: () => [],
    triggerHeapSnapshot: refuse("writeHeapSnapshot"),
    createHeapSnapshotStream: refuse("getHeapSnapshot"),
    queryObjects: refuse("queryObjects"),
  };
}
