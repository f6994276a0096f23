/** No events of files. */
import type { Exports, RealmParts } from "../realm.ts";
import { refusedClass } from "../unavailable.ts";

export function createBinding(_parts: RealmParts): Exports {
  return {
    FSEvent: refusedClass(
      "fs.watch",
      "nobody but the extension itself changes its files",
    ),
  };
}
