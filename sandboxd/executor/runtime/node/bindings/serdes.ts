/** V8's format of values, of which an isolate can reach neither the writer nor the reader. */
import type { Exports, RealmParts } from "../realm.ts";
import { refusedClass } from "../unavailable.ts";

const reason = "`structuredClone` copies values, JSON writes them";

export function createBinding(_parts: RealmParts): Exports {
  return {
    Serializer: refusedClass("v8.serialize", reason),
    Deserializer: refusedClass("v8.deserialize", reason),
  };
}
