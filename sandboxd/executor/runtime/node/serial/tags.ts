/** The marks of V8's format of values, as its version 15 has them. */

export const latestVersion = 15;
export const versionMark = 0xff;

/** What begins or ends a value, by the char that stands for it. */
export const tags = {
  padding: 0,
  verifyObjectCount: code("?"),
  hole: code("-"),
  undefined: code("_"),
  null: code("0"),
  true: code("T"),
  false: code("F"),
  int32: code("I"),
  uint32: code("U"),
  double: code("N"),
  bigInt: code("Z"),
  utf8: code("S"),
  oneByte: code('"'),
  twoByte: code("c"),
  reference: code("^"),
  object: code("o"),
  objectEnd: code("{"),
  sparse: code("a"),
  sparseEnd: code("@"),
  dense: code("A"),
  denseEnd: code("$"),
  date: code("D"),
  trueObject: code("y"),
  falseObject: code("x"),
  numberObject: code("n"),
  bigIntObject: code("z"),
  stringObject: code("s"),
  regExp: code("R"),
  map: code(";"),
  mapEnd: code(":"),
  set: code("'"),
  setEnd: code(","),
  buffer: code("B"),
  transferred: code("t"),
  view: code("V"),
  hostObject: code("\\"),
  error: code("r"),
} as const;

/** Within an error. */
export const errorTags = {
  message: code("m"),
  stack: code("s"),
  cause: code("c"),
  end: code("."),
} as const;

/** Errors by the names of their classes; what has none is an Error. */
export const errorKinds: readonly (readonly [name: string, tag: number])[] = [
  ["EvalError", code("E")],
  ["RangeError", code("R")],
  ["ReferenceError", code("F")],
  ["SyntaxError", code("S")],
  ["TypeError", code("T")],
  ["URIError", code("U")],
];

/** Views by the names of their classes. */
export const viewKinds: readonly (readonly [name: string, tag: number])[] = [
  ["Int8Array", code("b")],
  ["Uint8Array", code("B")],
  ["Uint8ClampedArray", code("C")],
  ["Int16Array", code("w")],
  ["Uint16Array", code("W")],
  ["Int32Array", code("d")],
  ["Uint32Array", code("D")],
  ["Float16Array", code("h")],
  ["Float32Array", code("f")],
  ["Float64Array", code("F")],
  ["BigInt64Array", code("q")],
  ["BigUint64Array", code("Q")],
  ["DataView", code("?")],
];

/** Each at its bit. */
export const regExpFlags: readonly string[] = [
  "g",
  "i",
  "m",
  "y",
  "u",
  "s",
  "",
  "d",
  "v",
];

function code(char: string): number {
  return char.charCodeAt(0);
}
