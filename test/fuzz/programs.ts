/**
 * Extensions by chance, from a grammar that leans towards whatever crosses the bridge: console, timers, requests outward,
 * results of every model, odd things thrown, and a language patched before any of it. All of them parse.
 */
import fc from "fast-check";
import {
  atoms,
  consoleMethods,
  crossRealmSymbols,
  keys,
  modules,
  patchable,
  patchableAlone,
  sizes,
  symbols,
  traps,
} from "./vocabulary.ts";

/** The source of one extension. */
export function programs(): fc.Arbitrary<string> {
  const depth = { maxDepth: 6, depthIdentifier: fc.createDepthIdentifier() };
  const { value, statement } = fc.letrec<Grammar>((tie) => ({
    value: valueOf(depth, tie("value"), tie("fn"), tie("statement")),
    fn: functionOf(depth, tie("value"), tie("statement")),
    statement: statementOf(depth, tie("value"), tie("fn"), tie("statement")),
  }));
  const line = fc.oneof(
    { weight: 6, arbitrary: statement.map(guarded) },
    statement,
  );
  const body = fc
    .array(line, { maxLength: 6 })
    .map((lines) => lines.join("\n"));
  return fc
    .record({ before: body, body, answer: value, shape: pick(shapes) })
    .map(({ before, body: inner, answer, shape }) =>
      ["let ctx, cb, req, res, kept;", before, shape(inner, answer)].join("\n"),
    );
}

// An interface would not do: `letrec` wants an index signature.
type Grammar = {
  /** An expression that may stand as a parameter. */
  value: string;
  /** A function expression in brackets. */
  fn: string;
  statement: string;
};

/** How deep all kinds together may nest; at the end of it the first of each kind is taken. */
type Depth = Pick<fc.OneOfConstraints, "maxDepth" | "depthIdentifier">;

type Text = fc.Arbitrary<string>;
type Shape = (body: string, answer: string) => string;

/** Every programming model, and exports of none. */
const shapes: Shape[] = [
  (body, answer) =>
    `module.exports = function (c) { cb = c;\n${body}\ncb(null, ${answer}); };`,
  (body) => `module.exports = function (c) { cb = c;\n${body}\n};`,
  (body, answer) =>
    `module.exports = function (x, c) { ctx = x; cb = c;\n${body}\ncb(null, ${answer}); };`,
  (body, answer) =>
    `module.exports = async function (x, c) { ctx = x; cb = c;\n${body}\nreturn ${answer}; };`,
  (body, answer) =>
    `module.exports = function (x, q, s) { ctx = x; req = q; res = s;\n${body}\nres.end(${answer}); };`,
  (body, answer) =>
    `module.exports = async function (x, q, s) { ctx = x; req = q; res = s;\n${body}\nawait (${answer}); res.end("end"); };`,
  (body, answer) =>
    `module.exports = async function (x) { ctx = x;\n${body}\nreturn ${answer}; };`,
  (body, answer) =>
    `module.exports = async (x) => { ctx = x;\n${body}\nreturn await (${answer}); };`,
  (body, answer) =>
    `module.exports = async (x) => { ctx = x;\n${body}\nthrow ${answer}; };`,
  (body, answer) =>
    `exports.default = (x, c) => { ctx = x; cb = c;\n${body}\nthrow ${answer}; };`,
  (body, answer) =>
    `module.exports = (x, c) => { ctx = x; cb = c;\n${body}\ncb(${answer}); };`,
  (body, answer) => `${body}\nmodule.exports = ${answer};`,
  (body, answer) =>
    `module.exports = new Proxy(async function (x) { ctx = x;\n${body}\n}, { get: () => ${answer} });`,
];

function valueOf(depth: Depth, value: Text, fn: Text, statement: Text): Text {
  const key = keyOf();
  return fc.oneof(
    depth,
    { weight: 8, arbitrary: pick(atoms) },
    { weight: 2, arbitrary: fill`"x".repeat(${pick(sizes.map(String))})` },
    { weight: 1, arbitrary: fill`new Uint8Array(${pick(sizes.map(String))})` },
    { weight: 1, arbitrary: fill`Array(${pick(["0", "3", "20000"])}).fill(0)` },
    { weight: 3, arbitrary: fn },
    {
      weight: 4,
      arbitrary: fill`({ [${key}]: ${value}, [${key}]: ${value} })`,
    },
    { weight: 2, arbitrary: fill`[${value}, ${value}]` },
    {
      weight: 3,
      arbitrary: fill`Object.defineProperty(${holderOf()}, ${key}, { get: ${fn}, enumerable: true })`,
    },
    {
      weight: 3,
      arbitrary: fill`new Proxy(${holderOf()}, { ${pick(traps)}: ${fn} })`,
    },
    { weight: 2, arbitrary: fill`({ then: ${fn} })` },
    { weight: 2, arbitrary: fill`({ toJSON: ${fn}, toString: ${fn} })` },
    {
      weight: 3,
      arbitrary: fill`Object.assign(new Error(${value}), { [${key}]: ${value} })`,
    },
    { weight: 2, arbitrary: errorOf(value) },
    {
      weight: 1,
      arbitrary: fill`Object.setPrototypeOf(${holderOf()}, ${value})`,
    },
    { weight: 2, arbitrary: promiseOf(value, fn) },
    { weight: 2, arbitrary: hostValueOf(value, fn) },
    { weight: 1, arbitrary: fill`(() => { ${statement}\nreturn kept; })()` },
  );
}

function keyOf(): Text {
  return fc.oneof(
    { weight: 6, arbitrary: pick(keys) },
    { weight: 2, arbitrary: pick(symbols) },
    { weight: 1, arbitrary: pick(crossRealmSymbols) },
  );
}

/** What a property, a trap or a prototype may be put on. */
function holderOf(): Text {
  return pick([
    "{}",
    "[]",
    "new Error()",
    "function () {}",
    "async function (x) {}",
    "Promise.resolve(1)",
    "new Uint8Array(8)",
    "new Headers()",
    "new Response()",
  ]);
}

function errorOf(value: Text): Text {
  return fc.oneof(
    fill`new Error(${value}, { cause: ${value} })`,
    fill`new AggregateError([${value}, ${value}], ${value}, { cause: ${value} })`,
    fill`new SuppressedError(${value}, ${value}, ${value})`,
    fill`new DOMException(${value}, ${value})`,
  );
}

function promiseOf(value: Text, fn: Text): Text {
  return fc.oneof(
    fill`Promise.reject(${value})`,
    fill`Promise.resolve(${value})`,
    fill`new Promise(${fn})`,
    fill`Promise.all([${value}, ${value}])`,
    fill`Promise.race({ [Symbol.iterator]: ${fn} })`,
    fill`Array.fromAsync([${value}])`,
    fill`(async function* () { yield ${value}; })().next()`,
    fill`Promise.resolve(${value}).then(${fn}, ${fn})`,
    fill`Promise.prototype.then.call(${value}, ${fn})`,
  );
}

function hostValueOf(value: Text, fn: Text): Text {
  return fc.oneof(
    fill`fetch(${value}, ${value})`,
    fill`fetch("http://nowhere.example/", ${optionsOf(value)})`,
    fill`fetch("http://nowhere.example/endless").then((r) => r.text())`,
    fill`new Response(${value}, ${value}).${pick(["text", "json", "bytes", "arrayBuffer"])}()`,
    fill`new Headers(${value})`,
    fill`new Headers([["set-cookie", ${value}], [${value}, ${value}]]).getSetCookie()`,
    fill`fetch("http://nowhere.example/", { headers: [["x-a", ${value}]], signal: ${value} })`,
    fill`Buffer.from(${value}, ${value})`,
    fill`Buffer.alloc(${pick(sizes.map(String))})`,
    fill`structuredClone(${value})`,
    fill`new URL(${value}, ${value})`,
    fill`new TextDecoder().decode(${value})`,
    fill`require(${pick(modules.map((name) => JSON.stringify(name)))})`,
    fill`new (require("stream").Readable)({ read: ${fn} })`,
    fill`eval(${pick(['"1"', '"this"', '"(".repeat(9999)', '"arguments"'])})`,
    fill`new Function("return this")()`,
    fill`ctx.remainingMs()`,
  );
}

function optionsOf(value: Text): Text {
  return fill`{ method: ${value}, headers: ${value}, body: ${value}, redirect: "follow", signal: undefined, [${keyOf()}]: ${value} }`;
}

function functionOf(depth: Depth, value: Text, statement: Text): Text {
  return fc.oneof(
    depth,
    { weight: 4, arbitrary: fill`(() => ${value})` },
    { weight: 2, arbitrary: fill`(() => { throw ${value}; })` },
    { weight: 2, arbitrary: fill`(function () { return this; })` },
    {
      weight: 2,
      arbitrary: fill`((...all) => { kept = all; return ${value}; })`,
    },
    {
      weight: 2,
      arbitrary: fill`((resolve, reject) => { resolve(${value}); reject(${value}); })`,
    },
    {
      weight: 2,
      arbitrary: fill`(async () => { ${statement}\nreturn ${value}; })`,
    },
    // Keeps what it is called on, and changes it.
    {
      weight: 2,
      arbitrary: fill`(function (given) { kept = this; Object.defineProperty(this, ${pick(["0", "1", '"length"', '"value"'])}, { get: ${value} }); return given; })`,
    },
    // Changes its mind.
    {
      weight: 2,
      arbitrary: fill`((n) => () => n++ ? ${value} : ${value})(0)`,
    },
    { weight: 3, arbitrary: fill`(() => { ${answerOf(value)} })` },
    { weight: 3, arbitrary: fill`(() => { ${statement} })` },
    {
      weight: 1,
      arbitrary: pick([
        "(() => { for (;;); })",
        "(function f() { return f(); })",
        "(async () => { for (;;) await 0; })",
      ]),
    },
  );
}

function statementOf(
  depth: Depth,
  value: Text,
  fn: Text,
  statement: Text,
): Text {
  const patched = fc.oneof(pick(patchable), pick(patchableAlone));
  const key = keyOf();
  const delay = pick(["0", "1", "5", "-1", "NaN", "2 ** 31", "{}"]);
  const timer = pick(["setTimeout", "setInterval", "setImmediate"]);
  return fc.oneof(
    depth,
    {
      weight: 3,
      arbitrary: fill`console.${pick(consoleMethods)}(${value}, ${value});`,
    },
    { weight: 2, arbitrary: fill`kept = ${timer}(${fn}, ${delay}, ${value});` },
    { weight: 1, arbitrary: fill`clearTimeout(${value});` },
    { weight: 1, arbitrary: fill`queueMicrotask(${fn});` },
    { weight: 2, arbitrary: fill`kept = ${value};` },
    { weight: 2, arbitrary: answerOf(value) },
    {
      weight: 2,
      arbitrary: fill`Promise.resolve(${value}).then(${fn}, ${fn});`,
    },
    {
      weight: 1,
      arbitrary: fill`fetch("http://nowhere.example/", ${optionsOf(value)}).then(${fn}, ${fn});`,
    },
    { weight: 2, arbitrary: responseOf(value) },
    { weight: 3, arbitrary: fill`${patched}[${key}] = ${fn};` },
    { weight: 2, arbitrary: fill`${patched}[${key}] = ${value};` },
    {
      weight: 3,
      arbitrary: fill`Object.defineProperty(${patched}, ${key}, { configurable: true, get: ${fn}, set: ${fn} });`,
    },
    { weight: 1, arbitrary: fill`delete ${patched}[${key}];` },
    {
      weight: 1,
      arbitrary: fill`Object.setPrototypeOf(${patched}, ${value});`,
    },
    {
      weight: 1,
      arbitrary: fill`Object.${pick(["freeze", "seal", "preventExtensions"])}(${patched});`,
    },
    {
      weight: 1,
      arbitrary: fill`globalThis[${pick(['"Promise"', '"String"', '"Error"', '"JSON"', '"Reflect"', '"Uint8Array"', '"queueMicrotask"', '"Buffer"', '"AbortController"'])}] = ${value};`,
    },
    {
      weight: 3,
      arbitrary: fill`try { ${statement} } catch (e) { kept = e; }`,
    },
    {
      weight: 1,
      arbitrary: fill`try { ${statement} } finally { ${statement} }`,
    },
    {
      weight: 1,
      arbitrary: fill`for (let i = 0; i < ${pick(["3", "70", "300", "20000"])}; i++) { ${statement} }`,
    },
    {
      weight: 1,
      arbitrary: fill`for (const one of ${value}) { ${statement} }`,
    },
    { weight: 1, arbitrary: fill`{ using kept = ${value}; ${statement} }` },
    { weight: 1, arbitrary: fill`throw ${value};` },
  );
}

/** Answers in every model's way, and again after that. */
function answerOf(value: Text): Text {
  return fc.oneof(
    fill`cb(null, ${value});`,
    fill`cb(${value});`,
    fill`cb(null, ${value}); cb(${value});`,
    fill`res.end(${value});`,
    fill`cb?.(null, 1); res?.end("1"); throw ${value};`,
    fill`setTimeout(() => cb(null, ${value}), 1); setTimeout(cb, 1, ${value});`,
  );
}

/** What a response may be told. */
function responseOf(value: Text): Text {
  return fc.oneof(
    fill`res.write(${value});`,
    fill`res.setHeader(${value}, ${value});`,
    fill`res.setHeader("x-a", ${value});`,
    fill`res.setHeader("x-a", [${value}, ${value}]);`,
    fill`res.appendHeader("set-cookie", ${value});`,
    fill`res.setHeader("content-type", ${value});`,
    fill`res.writeHead(${value}, ${value}, ${value});`,
    fill`res.statusCode = ${value};`,
    fill`res.destroy(${value});`,
    fill`res.emit("error", ${value});`,
    fill`req.pipe(res);`,
    fill`req.on("data", (data) => res.write(data));`,
  );
}

function guarded(statement: string): string {
  return `try { ${statement} } catch (e) { kept = e; }`;
}

function pick<Value>(from: readonly Value[]): fc.Arbitrary<Value> {
  return fc.constantFrom(...from);
}

/** A template whose holes are arbitrary. */
function fill(texts: TemplateStringsArray, ...holes: Text[]): Text {
  return fc
    .tuple(...holes)
    .map((filled) => String.raw({ raw: texts }, ...filled));
}
