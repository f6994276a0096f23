/** The memory of the isolate, as the host knows it. */
import type { RealmParts } from "./realm.ts";

export interface HeapBytes {
  limit: number;
  total: number;
  used: number;
  external: number;
}

const none: HeapBytes = { limit: 0, total: 0, used: 0, external: 0 };

/** Zeros where the host does not say. */
export function heapBytesOf({ host }: Pick<RealmParts, "host">): HeapBytes {
  const found = host("heap");
  if (typeof found !== "object" || found === null) return none;
  const read = (name: keyof HeapBytes) => {
    const value: unknown = Reflect.get(found, name);
    return typeof value === "number" ? value : 0;
  };
  return {
    limit: read("limit"),
    total: read("total"),
    used: read("used"),
    external: read("external"),
  };
}
