// Errors as a program reads them: names, messages, codes, stacks, what prepares those, warnings; the same in plain Node.
/* oxlint-disable -- written as programs are, odd ones included */
const util = require("util");
// Frames of Node's and of the runtime's left out; what stands behind them stays.
const clean = (text) =>
  typeof text !== "string"
    ? text
    : text
        .replace(
          /\(?(?:file:\/\/)?[^\s()]*?(webtask\.js|\[eval\]|evalmachine\.<anonymous>)(-wrapper)?:\d+:\d+\)?/g,
          "AT",
        )
        .split("\n")
        .filter(
          (line) => !/^\s+at (AT$|.*(node:|annex:|<isolated-vm))/.test(line),
        )
        .join("\n");
const get = (work) => {
  try {
    return ["ok", work()];
  } catch (error) {
    return error;
  }
};
const told = (e) =>
  e instanceof Error
    ? [
        e.constructor.name,
        e.name,
        e.message,
        e.code,
        clean(e.stack),
        Object.keys(e),
      ]
    : e;
class MyError extends Error {
  constructor(m, o) {
    super(m, o);
    this.name = "MyError";
    this.extra = 1;
  }
}
function thrower() {
  throw new TypeError("thrown");
}
const obj = {
  method() {
    return new Error("in method");
  },
  get got() {
    return new Error("in getter");
  },
};
class K {
  constructor() {
    this.e = new Error("in ctor");
  }
  static s() {
    return new Error("static");
  }
  #p() {
    return new Error("private");
  }
  p() {
    return this.#p();
  }
  async a() {
    await null;
    return new Error("async method");
  }
}
const later = () => new Promise((r) => setTimeout(r, 1));
async function one() {
  await later();
  throw new Error("async deep");
}
async function two() {
  await one();
}
const ways = {
  subclass: () => told(new MyError("m", { cause: new Error("why") })),
  frames: () =>
    [
      obj.method(),
      obj.got,
      new K().e,
      K.s(),
      new K().p(),
      [1].map(() => new Error("in map"))[0],
      new Function("return new Error('fn')")(),
      eval("new Error('ev')"),
    ].map((e) => clean(e.stack).split("\n").slice(0, 3)),
  asyncFrames: async () => {
    try {
      await two();
    } catch (e) {
      return clean(e.stack);
    }
  },
  asyncMethod: async () => clean((await new K().a()).stack),
  any: async () => {
    try {
      await Promise.any([Promise.reject(new Error("x")), Promise.reject(2)]);
    } catch (e) {
      return [told(e), e.errors.map(String)];
    }
  },
  limit: () => {
    const b = Error.stackTraceLimit;
    Error.stackTraceLimit = 1;
    const f = (n) => (n ? f(n - 1) : new Error("deep"));
    const s = clean(f(20).stack);
    Error.stackTraceLimit = 0;
    const z = new Error("none").stack;
    Error.stackTraceLimit = b;
    return [b, s, z, clean(f(20).stack).split("\n").length];
  },
  noLimit: () => {
    const b = Error.stackTraceLimit;
    delete Error.stackTraceLimit;
    const s = new Error("u").stack;
    Error.stackTraceLimit = b;
    return String(s);
  },
  capture: () => {
    const o = {};
    function hide() {
      Error.captureStackTrace(o, hide);
    }
    function outer() {
      hide();
    }
    outer();
    return [
      clean(o.stack).split("\n").slice(0, 2),
      Object.getOwnPropertyDescriptor(o, "stack") &&
        Object.keys(Object.getOwnPropertyDescriptor(o, "stack")),
    ];
  },
  captureNamed: () => {
    const o = { name: "N", message: "M" };
    Error.captureStackTrace(o);
    return clean(o.stack).split("\n")[0];
  },
  prepare: () => {
    const b = Error.prepareStackTrace;
    Error.prepareStackTrace = (e, t) => [
      String(e),
      t.length > 0,
      typeof t[0].getFileName(),
      t[0].getFunctionName(),
      t[0].isConstructor(),
      t[0].isNative(),
      t[0].isToplevel(),
      t[0].isEval(),
      t[0].isAsync(),
      typeof t[0].getLineNumber(),
      t[0].getTypeName(),
      t[0].getMethodName(),
      String(t[0]).includes(":"),
    ];
    const f = function named() {
      return new Error("p").stack;
    };
    const r = [f(), obj.method().stack, new K().e.stack];
    Error.prepareStackTrace = b;
    return [typeof b, r, clean(new Error("after").stack).split("\n")[0]];
  },
  prepareThrows: () => {
    const b = Error.prepareStackTrace;
    Error.prepareStackTrace = () => {
      throw new Error("in prepare");
    };
    const r = get(() => new Error("p").stack);
    Error.prepareStackTrace = b;
    return r instanceof Error ? r.message : r;
  },
  callsites: () =>
    util
      .getCallSites(1)
      .map((s) => [
        s.functionName,
        typeof s.scriptName,
        typeof s.lineNumber,
        Object.keys(s),
      ]),
  messageChanged: () => {
    const e = new Error("first");
    e.message = "second";
    e.name = "Other";
    return clean(e.stack).split("\n")[0];
  },
  json: () =>
    [
      "{",
      '{"a":}',
      "[1,]",
      "nope",
      "",
      '{"a":1}x',
      '"\u0001"',
      '{"a"\n:\n1,,}',
    ].map((t) => told(get(() => JSON.parse(t)))),
  syntax: () =>
    [
      "let a; let a;",
      "a b",
      "await 1",
      "function (",
      "return 1",
      "({",
      "`${",
      "const x",
      "1 = 2",
      "/(/",
      "import x from 'y'",
      "class { }",
    ].map((t) => {
      const e = get(() => new Function(t));
      return e instanceof Error ? [e.name, e.message] : "ok";
    }),
  evalSyntax: () => {
    const e = get(() => eval("let a = ;"));
    return [e.name, e.message, clean(e.stack).split("\n")[0]];
  },
  nodeErrors: () =>
    [
      get(() => Buffer.from(1)),
      get(() => require("fs").readFileSync("/none")),
      get(() => new URL("x")),
      get(() => require("crypto").createHash("none")),
      get(() => require("path").join(1)),
      get(() => require("assert").strictEqual(1, 2)),
      get(() => structuredClone(() => 1)),
      get(() => new Array(-1)),
      get(() => "x".repeat(-1)),
      get(() => null.x),
      get(() => undefinedName),
      get(() => (void 0)()),
      get(() => BigInt(1.5)),
      get(() => decodeURIComponent("%")),
      get(() => Symbol() + ""),
      get(() => {
        "use strict";
        Object.freeze([]).push(1);
      }),
    ].map((e) => [
      e.name,
      e.code,
      e.message,
      String(e.stack).split("\n")[0],
      Object.keys(e),
    ]),
  overflow: () => {
    const f = () => f();
    const e = get(f);
    return [e.name, e.message];
  },
  inspectNode: () => {
    const e = get(() => require("fs").readFileSync("/none"));
    return clean(util.inspect(e));
  },
  inspectNoStack: () => {
    const e = new Error("gone");
    e.stack = undefined;
    const f = new Error("text");
    f.stack = "text only";
    delete f.x;
    const g = new Error("del");
    delete g.stack;
    return [util.inspect(e), util.inspect(f), util.inspect(g)];
  },
  format: () => [
    util.format("%s", new Error("f")).split("\n")[0],
    util.format("%o", new Error("f")).split("\n")[0],
    util.format("x", new MyError("q")).split("\n")[0],
  ],
  domException: () => {
    const e = new DOMException("m", "AbortError");
    return [
      e.name,
      e.code,
      e.message,
      String(e.stack).split("\n")[0],
      e instanceof Error,
      clean(util.inspect(e)).split("\n")[0],
    ];
  },
  abort: () => {
    const e = AbortSignal.abort().reason;
    return [e.name, e.code, e.message, String(e.stack).split("\n")[0]];
  },
  isError: () => [
    Error.isError(new Error()),
    Error.isError({}),
    Error.isError(new DOMException()),
    util.types.isNativeError(new Error()),
  ],
  own: () => {
    const e = new Error("x");
    return [
      Object.getOwnPropertyNames(e),
      Object.keys(Object.getOwnPropertyDescriptor(e, "stack")),
    ];
  },
  suppressed: () => {
    try {
      {
        using a = {
          [Symbol.dispose]() {
            throw new Error("disposing");
          },
        };
        throw new Error("body");
      }
    } catch (e) {
      return [e.name, e.message, e.error.message, e.suppressed.message];
    }
  },
  deprecate: async () => {
    const seen = [];
    const on = (w) =>
      seen.push([w.name, w.code, w.message, clean(w.stack).split("\n")[0]]);
    process.on("warning", on);
    util.deprecate(() => 1, "old thing", "DEP9999")();
    process.emitWarning("careful", { type: "T", code: "C", detail: "D" });
    process.emitWarning(new Error("as error"));
    new (require("events"))()
      .setMaxListeners(1)
      .on("a", () => 1)
      .on("a", () => 1);
    await new Promise(setImmediate);
    process.off("warning", on);
    return seen;
  },
};
module.exports = async () => {
  const out = [];
  for (const [name, run] of Object.entries(ways)) {
    try {
      out.push([name, (await run()) ?? "undefined"]);
    } catch (e) {
      out.push([name, "threw", String(e)]);
    }
  }
  return out;
};
