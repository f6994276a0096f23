/** No snapshot is ever being made in an isolate of a guest. */
import type { Exports, RealmParts } from "../../../realm.ts";

export function createModule(_parts: RealmParts): Exports {
  return {
    isBuildingSnapshot: () => false,
    runDeserializeCallbacks: () => undefined,
    addAfterUserSerializeDeserializeSnapshot: () => undefined,
    addSerializeCallback: () => undefined,
    addDeserializeCallback: () => undefined,
    throwIfBuildingSnapshot: () => undefined,
    namespace: {
      isBuildingSnapshot: () => false,
      addSerializeCallback: unavailable,
      addDeserializeCallback: unavailable,
      setDeserializeMainFunction: unavailable,
    },
  };
}

function unavailable(): never {
  throw new Error("startup snapshots cannot be offered here");
}
