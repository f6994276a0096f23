/** The way out to the executor's own Node: one function, which no guest ever holds. */
import {
  ErrorIntrinsic,
  RangeErrorIntrinsic,
  TypeErrorIntrinsic,
  apply,
  defineProperty,
  hasOwn,
  isObject,
  objectKeys,
  readProperty,
  valueProperty,
} from "../intrinsics.ts";
import type { Host, HostValue } from "./realm.ts";

/** As the executor made it: what is refused comes back as data. */
export type RawHost = (operation: string, ...parameters: unknown[]) => unknown;

export function createHost(raw: RawHost): Host {
  return function host(): HostValue {
    const value = apply(raw, undefined, arguments);
    if (isObject(value) && hasOwn(value, "thrown"))
      throw errorOf(readProperty(value, "thrown"));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the wall lets through is of these kinds
    return value as HostValue;
  };
}

function errorOf(words: unknown): Error {
  if (!isObject(words)) return new ErrorIntrinsic("failed");
  const name = readProperty(words, "name");
  const code = readProperty(words, "code");
  const message = readProperty(words, "message");
  const error = new (classOf(name))(
    typeof message === "string" ? message : "failed",
  );
  addDetails(error, readProperty(words, "details"));
  if (code !== undefined) defineProperty(error, "code", valueProperty(code));
  return error;
}

/** What OpenSSL says of it beside the message. */
function addDetails(error: Error, details: unknown): void {
  if (!isObject(details)) return;
  const names = objectKeys(details);
  for (let at = 0; at < names.length; at++) {
    const name = names[at];
    if (name === undefined) continue;
    defineProperty(error, name, valueProperty(readProperty(details, name)));
  }
}

function classOf(name: unknown): ErrorConstructor {
  if (name === "TypeError") return TypeErrorIntrinsic;
  return name === "RangeError" ? RangeErrorIntrinsic : ErrorIntrinsic;
}
