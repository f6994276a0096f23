/** What `process` says and does that is of Annex and not of Node: its environment, and its end. */
import type { Calls } from "./calls.ts";
import {
  apply,
  dictionary,
  ErrorIntrinsic,
  indexInText,
  objectKeys,
  parse,
  sliceText,
  TypeErrorIntrinsic,
} from "./intrinsics.ts";
import type { Realm } from "./node/realm.ts";

/** The parameters of the version: its meta, and its secrets before those of the same name. */
export function environmentOf(
  meta: string,
  secrets: string,
): Record<string, string> {
  const environment = dictionary<string>();
  addTo(environment, meta);
  addTo(environment, secrets);
  return environment;
}

function addTo(environment: Record<string, string>, json: string): void {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the executor wrote it
  const values = parse(json) as Record<string, string>;
  const names = objectKeys(values);
  for (let at = 0; at < names.length; at++) {
    const name = names[at];
    const value = name === undefined ? undefined : values[name];
    if (name !== undefined && value !== undefined) environment[name] = value;
  }
}

/** By which version.ts outside knows it too. */
export const exitWords = " ended the invocation before it answered";

/** Ends the running call; what it does after that is nobody's. */
export function exitCall(calls: Calls, code: number): never {
  const words = `process.exit(${code})${exitWords}`;
  calls.fail(calls.current(), "threw", words);
  throw new ErrorIntrinsic(words);
}

/** Node's error for what is no function. */
export function refuseCallback(realm: Realm, callback: unknown): never {
  const validate = realm.internal("internal/validators")["validateFunction"];
  if (typeof validate === "function")
    apply(validate, undefined, [callback, "callback"]);
  throw new TypeErrorIntrinsic("the callback must be a function");
}

export function emitWarning(realm: Realm, message: string, name: string): void {
  const process = realm.internal("process");
  const emit = process["emitWarning"];
  if (typeof emit === "function") apply(emit, process, [message, name]);
}

/** Of the function that isolate.ts makes of a bundle, what lies between its first brace and its last. */
export function bundleText(wrapper: unknown): string {
  if (typeof wrapper !== "function") return "";
  const text = apply(functionText, wrapper, []);
  const start = indexInText(text, "{") + 1;
  return sliceText(text, start, text.length - 2);
}

// oxlint-disable-next-line typescript/unbound-method -- applied to the function it tells of
const functionText: () => string = Function.prototype.toString;
