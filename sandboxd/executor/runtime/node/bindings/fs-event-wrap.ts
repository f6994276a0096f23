/** Events of files, which the binding of files makes. */
import type { Exports, RealmParts } from "../realm.ts";

export function createBinding({ internalBinding }: RealmParts): Exports {
  return { FSEvent: internalBinding("fs")["FSEvent"] };
}
