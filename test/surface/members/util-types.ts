import * as crypto from "node:crypto";
import types from "node:util/types";
import * as util from "node:util";
import { member, type Check, type Surface } from "../check.ts";

/** One value of every kind that a question tells apart. */
function kinds(): unknown[] {
  function args(): unknown {
    return arguments; // oxlint-disable-line prefer-rest-params -- arguments is one of the kinds
  }
  async function later(): Promise<void> {}
  function* steps(): Generator<number> {
    yield 1;
  }
  const buffer = new ArrayBuffer(8);
  const arrays = [
    Uint8Array,
    Uint8ClampedArray,
    Uint16Array,
    Uint32Array,
    Int8Array,
    Int16Array,
    Int32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ];
  return [
    args(),
    buffer,
    later,
    steps,
    steps(),
    Object(1n),
    Object(true),
    Object(1),
    Object("s"),
    Object(Symbol("s")),
    new Date(),
    new Map(),
    new Map().entries(),
    new Set(),
    new Set().values(),
    new Error("e"),
    Object.create(Error.prototype),
    Promise.resolve(),
    { length: 1 },
    new Proxy({}, {}),
    /r/,
    new WeakMap(),
    new WeakSet(),
    new DataView(buffer),
    Buffer.from("b"),
    ...arrays.map((TypedArray) => new TypedArray(buffer)),
    {},
    [],
    null,
    undefined,
    1,
    "s",
  ];
}

const questions = [
  "isArgumentsObject",
  "isArrayBuffer",
  "isAsyncFunction",
  "isBigIntObject",
  "isBooleanObject",
  "isDate",
  "isGeneratorFunction",
  "isGeneratorObject",
  "isMap",
  "isMapIterator",
  "isNativeError",
  "isNumberObject",
  "isPromise",
  "isProxy",
  "isRegExp",
  "isSet",
  "isSetIterator",
  "isStringObject",
  "isSymbolObject",
  "isWeakMap",
  "isWeakSet",
  "isAnyArrayBuffer",
  "isBoxedPrimitive",
  "isArrayBufferView",
  "isDataView",
  "isTypedArray",
  "isUint8Array",
  "isUint8ClampedArray",
  "isUint16Array",
  "isUint32Array",
  "isInt8Array",
  "isInt16Array",
  "isInt32Array",
  "isFloat32Array",
  "isFloat64Array",
  "isBigInt64Array",
  "isBigUint64Array",
];

function asked(name: string): Check {
  return () => kinds().map((kind) => member(types, name)(kind));
}

export const surface: Surface = {
  module: "util/types",
  checks: {
    ...Object.fromEntries(
      questions.map((name): [string, Check] => [name, asked(name)]),
    ),
    isExternal: () => [
      ...kinds().map((kind) => types.isExternal(kind)),
      util.types.isExternal({}),
    ],
    isFloat16Array: () => {
      const Float16: unknown = Reflect.get(globalThis, "Float16Array");
      const made: unknown =
        typeof Float16 === "function" ? Reflect.construct(Float16, [2]) : {};
      const ask = member(types, "isFloat16Array");
      return [ask(made), ask(new Float32Array(1)), ask({})];
    },
    isModuleNamespaceObject: () =>
      kinds().map((kind) => types.isModuleNamespaceObject(kind)),
    isSharedArrayBuffer: () => [
      types.isSharedArrayBuffer(new SharedArrayBuffer(1)),
      types.isSharedArrayBuffer(new ArrayBuffer(1)),
    ],
    isKeyObject: () => [
      member(types, "isKeyObject")(crypto.createSecretKey(Buffer.from("k"))),
      member(types, "isKeyObject")({}),
    ],
    isCryptoKey: async () => [
      member(
        types,
        "isCryptoKey",
      )(
        await crypto.subtle.importKey(
          "raw",
          new Uint8Array(16),
          "AES-CBC",
          true,
          ["encrypt"],
        ),
      ),
      member(types, "isCryptoKey")({}),
    ],
  },
};
