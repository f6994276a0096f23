/** Why a version was not taken, and whether telling it again may help. */
import type { LoadFailure } from "../protocol.ts";
import type { Refused } from "./dependencies.ts";

/** A refusal; where it is passing, the same version may be taken when it is told again. */
export interface Fault {
  refusal: Refused;
  isPassing: boolean;
}

/** A fault of the version. */
export function definite(reason: string, message: string): Fault {
  return { refusal: refusedOf({ reason, message }), isPassing: false };
}

/** A fault of this host or of the way. */
export function passing(reason: string, message: string): Fault {
  return { refusal: refusedOf({ reason, message }), isPassing: true };
}

/** What an executor found: the version's fault, even where it has cost the executor its life. */
export function faultOf(failure: LoadFailure): Fault {
  return { refusal: refusedOf(failure), isPassing: false };
}

function refusedOf(fault: {
  reason: string;
  message: string;
  file?: string;
  line?: number;
  column?: number;
}): Refused {
  const { reason, message, file = "", line = 0, column = 0 } = fault;
  return { reason, message, file, line, column };
}
