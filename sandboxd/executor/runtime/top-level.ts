/**
 * A top level that waits: the build makes a bundle with a top-level `await` return the promise of its end, and has exported
 * nothing before that (controlplane/build/modes.ts).
 */

type Then = (
  promise: object,
  ended: () => void,
  failed: (thrown: unknown) => void,
) => unknown;

/** Taken before any guest code: what a guest makes of Promise.prototype afterwards is not asked. */
const then: Then = Function.prototype.call.bind(
  Reflect.get(Promise.prototype, "then"),
);

/**
 * Has `ended` or `failed` called when the top level is over; false, and nothing called, where what it returned is no promise:
 * then it is over already.
 */
export function awaitTopLevel(
  returned: unknown,
  ended: () => void,
  failed: (thrown: unknown) => void,
): boolean {
  if (typeof returned !== "object" || returned === null) return false;
  try {
    then(returned, ended, failed);
    return true;
  } catch {
    return false; // an object of another kind
  }
}
