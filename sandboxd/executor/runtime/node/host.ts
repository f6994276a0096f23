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
import { lengthOf, tagOf } from "./bytes/views.ts";
import type { Host, HostValue } from "./realm.ts";

/** As the executor made it: what is refused comes back as data. */
export type RawHost = (operation: string, ...parameters: unknown[]) => unknown;

export function createHost(raw: RawHost): Host {
  return function host(): HostValue {
    for (let at = 0; at < arguments.length; at++)
      checkLength(arguments[at], maxDepth);
    const value = apply(raw, undefined, arguments);
    if (isObject(value) && hasOwn(value, "thrown"))
      throw errorOf(readProperty(value, "thrown"));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the wall lets through is of these kinds
    return value as HostValue;
  };
}

/** No operation takes more in one text or one piece of bytes. */
const maxLength = 16 * 1024 * 1024;
/** Texts stand no deeper in what the library gives: in a key of JSON, among the options. */
const maxDepth = 2;

/**
 * Out there all that is given is copied before anybody looks at it; and a text that was never read has no memory yet, but
 * half a gibibyte of it once it is copied.
 */
function checkLength(given: unknown, depth: number): void {
  if (typeof given === "string") {
    if (given.length > maxLength) throw errorOf(tooLong);
  } else if (isObject(given)) {
    const tag = tagOf(given);
    if (tag !== undefined) {
      if (lengthOf(given) > maxLength) throw errorOf(tooLong);
    } else if (depth > 0) {
      const names = objectKeys(given);
      for (let at = 0; at < names.length; at++)
        checkLength(readProperty(given, names[at] ?? ""), depth - 1);
    }
  }
}

const tooLong = {
  name: "RangeError",
  code: "ERR_OUT_OF_RANGE",
  message: `more than ${maxLength} chars or bytes cannot be taken at once`,
};

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
