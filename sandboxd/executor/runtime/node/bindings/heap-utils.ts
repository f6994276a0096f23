/** No snapshots of the heap. */
import type { Exports, RealmParts } from "../realm.ts";
import { refusal } from "../unavailable.ts";

const refuse = (name: string) => () => {
  throw refusal(`v8.${name}`, "an extension is measured from outside");
};

export function createBinding(_parts: RealmParts): Exports {
  return {
    buildEmbedderGraph: () => [],
    triggerHeapSnapshot: refuse("writeHeapSnapshot"),
    createHeapSnapshotStream: refuse("getHeapSnapshot"),
    queryObjects: refuse("queryObjects"),
  };
}
