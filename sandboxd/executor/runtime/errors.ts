/** Turns whatever a guest threw into plain text, inside the isolate and inside a timed slice: reading it may run its code. */
import {
  indexInText,
  isObject,
  sliceText,
  stringify,
  toText,
} from "./intrinsics.ts";

const maxMessageChars = 8 * 1024;
const maxStackChars = 16 * 1024;
const unreadable = "the thrown value cannot be read";

/** An error as texts. */
export interface FlatError {
  name: string;
  message: string;
  /** V8's frames, runtime's own included. */
  stack: string;
  /** The error's `statusCode` if it is an HTTP status, else 0. */
  httpStatus: number;
}

export function flattenError(thrown: unknown): FlatError {
  if (!isObject(thrown)) {
    return { name: "", message: textOf(thrown), stack: "", httpStatus: 0 };
  }
  const message = readText(thrown, "message");
  return {
    name: message === undefined ? "" : cut(readText(thrown, "name") ?? "", 256),
    message: cut(message ?? describe(thrown), maxMessageChars),
    stack: framesOf(readText(thrown, "stack") ?? ""),
    httpStatus: readStatus(thrown),
  };
}

/** The message with its error's name in front, where the name says something. */
export function namedMessage(error: FlatError): string {
  if (error.name === "" || error.name === "Error") return error.message;
  return error.message === "" ? error.name : `${error.name}: ${error.message}`;
}

function textOf(primitive: unknown): string {
  return cut(toText(primitive), maxMessageChars);
}

function readText(thrown: object, key: string): string | undefined {
  const value = read(thrown, key);
  return typeof value === "string" ? value : undefined;
}

function readStatus(thrown: object): number {
  const value = read(thrown, "statusCode");
  const isStatus =
    typeof value === "number" &&
    value >= 100 &&
    value <= 599 &&
    value % 1 === 0;
  return isStatus ? value : 0;
}

function read(thrown: object, key: string): unknown {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a plain read; a getter or trap may answer, or throw
    return (thrown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function describe(thrown: object): string {
  try {
    return stringify(thrown) ?? toText(thrown);
  } catch {
    return unreadable;
  }
}

/** The stack without the message V8 puts before it, which may be of any length. */
function framesOf(stack: string): string {
  const start = indexInText(stack, "\n    at ");
  if (start < 0) return "";
  return sliceText(stack, start + 1, start + 1 + maxStackChars);
}

function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  return `${sliceText(text, 0, maxChars)}…`;
}
