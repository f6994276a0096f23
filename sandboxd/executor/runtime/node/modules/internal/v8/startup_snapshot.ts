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
      isBuildingSnapshot: () => 0,
      addSerializeCallback: unavailable,
      addDeserializeCallback: unavailable,
      setDeserializeMainFunction: unavailable,
    },
  };
}

function unavailable(): never {
  throw Object.assign(
    new Error("Operation cannot be invoked when not building startup snapshot"),
    { code: "ERR_NOT_BUILDING_SNAPSHOT" },
  );
}
