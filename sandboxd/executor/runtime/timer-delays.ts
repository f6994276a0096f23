/** How long a timer waits, of whatever it was given. */
import { floor, toNumber } from "./intrinsics.ts";

export const maxDelayMs = 2 ** 31 - 1;

/** Tells the author of a delay that cannot be. */
export type WarnOfDelay = (message: string, name: string) => void;

/** As Node: what is no number, too small or too large is 1 ms; it says so of a negative one and of no number once. */
export function delays(warn: WarnOfDelay): (ms: unknown) => number {
  let hasWarnedNegative = false;
  let hasWarnedNoNumber = false;
  const tail = "\nTimeout duration was set to 1.";
  return (ms) => {
    if (ms === undefined) return 1;
    const after = toNumber(ms);
    if (after >= 1 && after <= maxDelayMs) return floor(after);
    if (after > maxDelayMs)
      warn(
        `${after} does not fit into a 32-bit signed integer.${tail}`,
        "TimeoutOverflowWarning",
      );
    else if (after < 0 && !hasWarnedNegative) {
      hasWarnedNegative = true;
      warn(`${after} is a negative number.${tail}`, "TimeoutNegativeWarning");
    } else if (after !== after && !hasWarnedNoNumber) {
      hasWarnedNoNumber = true;
      warn(`${after} is not a number.${tail}`, "TimeoutNaNWarning");
    }
    return 1;
  };
}
