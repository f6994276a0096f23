/** The words of generated programs: what the bridge reads, asks or hands out, and what of the language it might lean on. */

/** Names of properties that somebody between guest and supervisor might read. */
export const keys = [
  ..."then catch finally constructor prototype __proto__ toJSON toString valueOf".split(
    " ",
  ),
  ..."message name stack cause errors error suppressed code statusCode".split(
    " ",
  ),
  ..."status statusText headers body method url redirect signal aborted reason".split(
    " ",
  ),
  ..."get set value writable enumerable configurable next done return length".split(
    " ",
  ),
  ..."call apply bind push slice join map concat indexOf charCodeAt exec test".split(
    " ",
  ),
  ..."resolve reject all from stringify parse keys now has add iterator".split(
    " ",
  ),
  ..."prepareStackTrace stackTraceLimit captureStackTrace default type".split(
    " ",
  ),
  ..."id timer answered hostCalls timers exchanges outbox reference copy result timeout".split(
    " ",
  ),
  ..."addEventListener removeEventListener write end on emit _events _writableState highWaterMark".split(
    " ",
  ),
  ..."0 1 2 7".split(" "),
].map((name) => JSON.stringify(name));

export const symbols =
  "iterator asyncIterator species hasInstance toPrimitive toStringTag isConcatSpreadable unscopables dispose asyncDispose"
    .split(" ")
    .map((name) => `Symbol.${name}`);

export const crossRealmSymbols = [
  'Symbol.for("nodejs.util.inspect.custom")',
  'Symbol.for("nodejs.util.promisify.custom")',
];

/** What may be patched: the language's own, what a guest finds beside it, and what its call hands it. */
export const patchable = [
  ..."Object Array Function Promise String Number Symbol Map WeakMap Set RegExp Error TypeError Uint8Array ArrayBuffer Date BigInt".split(
    " ",
  ),
  ..."Headers Response Buffer URL URLSearchParams AbortController AbortSignal EventTarget TextDecoder".split(
    " ",
  ),
].flatMap((name) => [name, `${name}.prototype`]);

export const patchableAlone = [
  ..."JSON Reflect Math globalThis console console.log setTimeout fetch module module.exports require".split(
    " ",
  ),
  ..."ctx cb req res kept".split(" "),
  "Object.getPrototypeOf([][Symbol.iterator]())",
  "Object.getPrototypeOf(async function () {})",
  "Object.getPrototypeOf(Uint8Array)",
  "Object.getPrototypeOf(setTimeout(() => {}, 1))",
  'require("stream").Writable.prototype',
  'require("stream").Readable.prototype',
  'require("events").prototype',
];

export const traps = [
  ..."get set has deleteProperty ownKeys getOwnPropertyDescriptor defineProperty".split(
    " ",
  ),
  ..."getPrototypeOf setPrototypeOf isExtensible preventExtensions apply construct".split(
    " ",
  ),
];

export const modules =
  "buffer events stream string_decoder querystring url timers fs node:net isolated".split(
    " ",
  );

export const consoleMethods =
  "debug log info warn error trace dir table assert count countReset time timeLog timeEnd group groupEnd".split(
    " ",
  );

/** Around the bounds that the tests set, and around those of the runtime itself. */
export const sizes = [
  0, 1, 63, 64, 65, 8191, 8192, 8193, 16_383, 16_385, 65_535, 65_537, 1_000_000,
  7_000_000,
];

export const atoms = [
  ..."undefined null true false 0 -0 1 -1 200 404 99.5 NaN Infinity 2**31 2**53 1e308 10n".split(
    " ",
  ),
  ..."ctx cb req res kept globalThis module require console this".split(" "),
  ...["", "text", "then", "GET", "follow", "content-type", "5"].map((text) =>
    JSON.stringify(text),
  ),
  '"\\ud800"',
  '"\\u0000\\r\\n\\u2028\\u202e\\u001b[31m"',
  '"http://nowhere.example/"',
  '"http://nowhere.example/hang"',
  '"http://nowhere.example/denied"',
  '"http://nowhere.example/endless"',
  '"http://nowhere.example/failed"',
  'Symbol("s")',
  "Symbol.iterator",
  "/(a+)+$/g",
  "new Date(NaN)",
  "[]",
  "{}",
  "[,]",
  "Object.create(null)",
  "new Map([[1, 2]])",
  "new WeakMap()",
  "new ArrayBuffer(8)",
  "new Float64Array(3)",
  "new DataView(new ArrayBuffer(8), 3)",
  "(function* () { yield 1; })()",
  "class { #x; static { this.y = 1; } }",
  "new (class extends Promise {})(() => {})",
  "new (class extends Array {})(3)",
  "new (class extends Error {})()",
  "new AbortController().signal",
  "setTimeout(() => {}, 1)",
  'import("fs")',
  "typeof WebAssembly",
  "typeof SharedArrayBuffer",
];
