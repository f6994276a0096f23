/** The clock that Node's library measures delays by; timers themselves are the runtime's. */
import type { Exports } from "../realm.ts";

export function createBinding(): Exports {
  return { getLibuvNow: () => Date.now() };
}
