// What stacks and messages of errors say, and who may write them.
/* oxlint-disable -- written as programs are, odd ones included */
module.exports = async () => {
  const out = [];
  const first = (error) => String(error.stack).split("\n")[0];
  const t = (n, f) => {
    try {
      out.push([n, f() ?? null]);
    } catch (e) {
      out.push([n, "ERR", e.name, e.code, first(e)]);
    }
  };
  t("message set later", () => {
    const error = new Error();
    error.message = "later";
    return first(error);
  });
  t("name set later", () => {
    const error = new Error("a");
    error.name = "Foo";
    Error.captureStackTrace(error);
    return first(error);
  });
  class Named extends Error {
    get name() {
      return "OtherName";
    }
  }
  t("named by its class", () => first(new Named("x")));
  t("node's", () => Buffer.alloc("x"));
  t("dom", () => first(new DOMException("hello", "AbortError")));
  t("aborted", () => first(AbortSignal.abort().reason));
  t("uncloneable", () => structuredClone(() => 1));
  t("assertion", () => require("assert").strictEqual(1, 2));
  t("url", () => new URL("x"));
  t("language", () => null.x);
  t("cause", () => {
    const error = new Error("outer", { cause: new TypeError("inner") });
    return [first(error.cause), Object.keys(error)];
  });
  t("aggregate", () => {
    const error = new AggregateError([new Error("one"), 2], "both");
    return [first(error), error.errors.length];
  });
  t("captured", () => {
    const target = { name: "Bare", message: "m" };
    Error.captureStackTrace(target);
    return first(target);
  });
  t("preparer", () => [
    typeof Error.prepareStackTrace,
    Object.getOwnPropertyDescriptor(Error, "prepareStackTrace").enumerable,
    Error.prepareStackTrace(new TypeError("x"), []),
    Error.prepareStackTrace(new TypeError("x"), ["a", "b"]),
  ]);
  t("call sites", () => {
    const before = Error.prepareStackTrace;
    Error.prepareStackTrace = (_, sites) => sites;
    const sites = (function here() {
      return new Error("p").stack;
    })();
    Error.prepareStackTrace = before;
    return [
      Array.isArray(sites),
      sites[0].getFunctionName(),
      typeof sites[0].getFileName(),
      typeof sites[0].getLineNumber(),
      typeof sites[0].getColumnNumber(),
      sites[0].isNative(),
      sites[0].isConstructor(),
      first(new Error("as before")),
    ];
  });
  t("limit", () => {
    const before = Error.stackTraceLimit;
    Error.stackTraceLimit = 1;
    const lines = new Error("x").stack.split("\n").length;
    Error.stackTraceLimit = before;
    return [lines, before];
  });
  return out;
};
