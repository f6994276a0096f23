/** Nothing is a terminal. */
import type { Exports, RealmParts } from "../realm.ts";
import { refusedClass } from "../unavailable.ts";

export function createBinding(_parts: RealmParts): Exports {
  return {
    isTTY: () => false,
    TTY: refusedClass("tty", "an extension has no terminal"),
  };
}
