/** Nothing is a terminal. */
import type { Exports, RealmParts } from "../realm.ts";
import { refusal } from "../unavailable.ts";

export function createBinding(_parts: RealmParts): Exports {
  return {
    isTTY: () => false,
    TTY: class TTY {
      constructor() {
        throw refusal("tty", "an extension has no terminal");
      }
    },
  };
}
