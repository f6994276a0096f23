/** The functions that are globals, and the forms that give promises. */
import type { Timers } from "../../timers.ts";
import type { Exports, RealmParts } from "../realm.ts";

export function createModule({ require, runtime }: RealmParts): Exports {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bootstrap.ts puts it there
  const timers = runtime.timers as Timers;
  const {
    setTimeout,
    clearTimeout,
    setImmediate,
    clearImmediate,
    setInterval,
    clearInterval,
  } = timers;
  return {
    setTimeout,
    clearTimeout,
    setImmediate,
    clearImmediate,
    setInterval,
    clearInterval,
    get promises() {
      return require("timers/promises");
    },
  };
}
