/**
 * `Error.prepareStackTrace` as Node has it: a stack begins with what its error says when it is first read. Its frames are at
 * the places of the author's source, which the executor knows.
 */
import { apply, ErrorIntrinsic, readProperty, toText } from "./intrinsics.ts";
import type { Host, Realm } from "./node/realm.ts";
import { defineHidden } from "./withheld.ts";

const errorText: unknown = Reflect.get(ErrorIntrinsic.prototype, "toString");

export function installStacks(realm: Realm, host: Host): void {
  function ErrorPrepareStackTrace(error: unknown, trace: object): unknown {
    // Errors of Node's say their codes too.
    const errors = realm.loaded("internal/errors");
    const prepare = errors?.["ErrorPrepareStackTrace"];
    const stack: unknown =
      typeof prepare === "function"
        ? apply(prepare, undefined, [error, trace])
        : stackOf(error, trace);
    return typeof stack === "string" ? inSource(host, stack) : stack;
  }
  defineHidden(ErrorIntrinsic, "prepareStackTrace", ErrorPrepareStackTrace);
}

/** A stack is read where little is left of it, too: then it stays as it is. */
function inSource(host: Host, stack: string): string {
  try {
    const read = host("stack", stack);
    return typeof read === "string" ? read : stack;
  } catch {
    return stack;
  }
}

function stackOf(error: unknown, trace: object): string {
  let text =
    typeof errorText === "function" ? toText(apply(errorText, error, [])) : "";
  const count = Number(readProperty(trace, "length"));
  for (let at = 0; at < count; at++)
    text += `\n    at ${toText(readProperty(trace, toText(at)))}`;
  return text;
}
