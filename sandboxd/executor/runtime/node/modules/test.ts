/** Loads, and says what it cannot do when it is used. */
import type { Exports, RealmParts } from "../realm.ts";
import { refusal, unavailableModule } from "../unavailable.ts";

const reason = "an extension is tested by what calls it";

export function createModule(parts: RealmParts): Exports {
  const test = () => {
    throw refusal("test", reason);
  };
  return Object.assign(test, unavailableModule(parts, "test", reason), {
    test,
  });
}
