/** `Error.prepareStackTrace` as Node has it: a stack begins with what its error says when it is first read. */
import { apply, ErrorIntrinsic, readProperty, toText } from "./intrinsics.ts";
import type { Realm } from "./node/realm.ts";
import { defineHidden } from "./withheld.ts";

const errorText: unknown = Reflect.get(ErrorIntrinsic.prototype, "toString");

export function installStacks(realm: Realm): void {
  function ErrorPrepareStackTrace(error: unknown, trace: object): unknown {
    // Errors of Node's say their codes too.
    const errors = realm.loaded("internal/errors");
    const prepare = errors?.["ErrorPrepareStackTrace"];
    return typeof prepare === "function"
      ? apply(prepare, undefined, [error, trace])
      : stackOf(error, trace);
  }
  defineHidden(ErrorIntrinsic, "prepareStackTrace", ErrorPrepareStackTrace);
}

function stackOf(error: unknown, trace: object): string {
  let text =
    typeof errorText === "function" ? toText(apply(errorText, error, [])) : "";
  const count = Number(readProperty(trace, "length"));
  for (let at = 0; at < count; at++)
    text += `\n    at ${toText(readProperty(trace, toText(at)))}`;
  return text;
}
