import * as util from "node:util";
import {
  called,
  member,
  nextTurn,
  rejected,
  thrown,
  told,
  type Surface,
} from "../check.ts";
import { inspected } from "../inspected.ts";

class Base {
  greet(): string {
    return "hello";
  }
}

export const surface: Surface = {
  module: "util",
  checks: {
    _errnoException: () => {
      const error = member(util, "_errnoException")(-2, "open", "of a test");
      return [error.message, error.code, error.errno, error.syscall];
    },
    _exceptionWithHostPort: () => {
      const make = member(util, "_exceptionWithHostPort");
      const error = make(-111, "connect", "127.0.0.1", 80);
      return [error.message, error.code, error.address, error.port];
    },
    _extend: () => member(util, "_extend")({ a: 1, b: 1 }, { b: 2 }),
    callbackify: async () => {
      const answer = util.callbackify(async (value: number) => value + 1);
      const refuse = util.callbackify(() => Promise.reject(new Error("no")));
      const falsy = member(util, "callbackify")(() => Promise.reject());
      return [
        await called((callback) => answer(1, callback)),
        await called((callback) => refuse(callback)),
        await called((callback) => falsy(callback)),
      ];
    },
    convertProcessSignalToExitCode: () =>
      member(util, "convertProcessSignalToExitCode")("SIGTERM"),
    debug: () => [
      util.debug === util.debuglog,
      util.debug("nothing").enabled,
      util.debug("nothing")("unseen"),
    ],
    debuglog: () => [
      util.debuglog("annex-surface").enabled,
      util.debuglog("annex-surface")("unseen %d", 1),
    ],
    deprecate: () => {
      const old = util.deprecate((a: number, b: number) => a + b, "is old");
      return [
        old(1, 2),
        old.length,
        thrown(() => util.deprecate(() => 0, "is old", Object(1))),
      ];
    },
    format: () => [
      util.format(
        "%s %d %i %f %j %o %O %% %c.",
        "a",
        1.5,
        1.5,
        "1.5",
        { a: 1 },
        [1],
        { b: { c: {} } },
        "css",
      ),
      util.format("%s", 12n, Symbol("x"), { toString: () => "mine" }),
      util.format(1, "two", { three: 3 }),
      util.format("%s", null, undefined, -0),
      util.format("%d", "0x10", "rest"),
      util.format("%s", new Base(), Base),
    ],
    styleText: () => [
      util.styleText("red", "text", { validateStream: false }),
      util.styleText(["bold", "underline"], "text", { validateStream: false }),
      thrown(() => member(util, "styleText")("unheard", "text")),
    ],
    formatWithOptions: () =>
      util.formatWithOptions({ colors: true, compact: true }, "%s %O", "a", {
        b: 42,
      }),
    getCallSites: () => {
      function named(): unknown {
        const [site] = util.getCallSites(1);
        return [site?.functionName, Number.isInteger(site?.lineNumber)];
      }
      return named();
    },
    getSystemErrorMap: () => {
      const map = util.getSystemErrorMap();
      return [map.size, map.get(-2), map.get(-111)];
    },
    getSystemErrorName: () => [
      util.getSystemErrorName(-2),
      util.getSystemErrorName(-98),
      thrown(() => util.getSystemErrorName(1)),
    ],
    getSystemErrorMessage: () => [
      util.getSystemErrorMessage(-2),
      util.getSystemErrorMessage(-111),
    ],
    inherits: () => {
      function Old(this: object) {
        Reflect.apply(Object, this, []);
      }
      util.inherits(Old, Base);
      const made: Base = Reflect.construct(Old, []);
      return [
        made.greet(),
        made instanceof Base,
        Reflect.get(Old, "super_") === Base,
        thrown(() => member(util, "inherits")(Old, null)),
      ];
    },
    inspect: () => inspected(util.inspect),
    isArray: () => [
      member(util, "isArray")([]),
      member(util, "isArray")({ length: 0 }),
    ],
    isDeepStrictEqual: () => [
      util.isDeepStrictEqual(
        { a: [1, new Map([[1, { b: 2 }]])] },
        { a: [1, new Map([[1, { b: 2 }]])] },
      ),
      util.isDeepStrictEqual([1], ["1"]),
      util.isDeepStrictEqual(new Set([{ a: 1 }]), new Set([{ a: 1 }])),
      util.isDeepStrictEqual(0, -0),
      util.isDeepStrictEqual(Number.NaN, Number.NaN),
      util.isDeepStrictEqual(new Date(1), new Date(2)),
    ],
    markPromiseAsHandled: async () => {
      const seen: unknown[] = [];
      const see = (reason: unknown) => seen.push(told(reason));
      process.on("unhandledRejection", see);
      const promise = Promise.reject(new Error("handled"));
      member(util, "markPromiseAsHandled")(promise);
      await nextTurn();
      await nextTurn();
      process.off("unhandledRejection", see);
      return [seen, await rejected(promise)];
    },
    promisify: async () => {
      const inverse = util.promisify(
        (
          value: number,
          callback: (error: Error | null, got?: number) => void,
        ) =>
          value === 0 ? callback(new Error("zero")) : callback(null, 1 / value),
      );
      const custom = Object.assign(() => 0, {
        [util.promisify.custom]: () => Promise.resolve("custom"),
      });
      return [
        await inverse(4),
        await rejected(inverse(0)),
        await util.promisify(custom)(),
        String(util.promisify.custom),
        await util.promisify(setTimeout)(1, "later"),
        thrown(() => member(util, "promisify")(1)),
      ];
    },
    stripVTControlCharacters: () => [
      util.stripVTControlCharacters("\u001B[4mvalue\u001B[24m"),
      util.stripVTControlCharacters(
        "\u001B]8;;http://a\u0007link\u001B]8;;\u0007",
      ),
    ],
    toUSVString: () => util.toUSVString("a\uD800b"),
    transferableAbortSignal: () => {
      const controller = new AbortController();
      const signal = util.transferableAbortSignal(controller.signal);
      controller.abort("why");
      return [signal.aborted, signal.reason];
    },
    transferableAbortController: () => {
      const controller = util.transferableAbortController();
      controller.abort("why");
      return [controller.signal.aborted, controller.signal.reason];
    },
    aborted: async () => {
      const controller = new AbortController();
      const waiting = util.aborted(controller.signal, {});
      controller.abort();
      return [await waiting, await rejected(member(util, "aborted")(1, {}))];
    },
    types: () => [
      util.types.isDate(new Date()),
      util.types.isRegExp({}),
      util.types.isPromise(Promise.resolve()),
    ],
    parseEnv: () =>
      util.parseEnv(
        "# note\nA=1\nexport B = 'two words'\nC=\"x\\ny\" # tail\nD=`q`\n",
      ),
    parseArgs: () => [
      util.parseArgs({
        args: ["-f", "--bar", "b", "--many=1", "--many=2", "rest"],
        options: {
          foo: { type: "boolean", short: "f" },
          bar: { type: "string" },
          many: { type: "string", multiple: true },
          kept: { type: "string", default: "yes" },
        },
        allowPositionals: true,
        tokens: true,
      }),
      thrown(() => util.parseArgs({ args: ["--unheard"], options: {} })),
    ],
    TextDecoder: () => [
      new util.TextDecoder("utf-16le").decode(Buffer.from("hé", "utf16le")),
      new util.TextDecoder("latin1").encoding,
    ],
    TextEncoder: () => new util.TextEncoder().encode("hé€"),
    MIMEType: () => [
      String(new util.MIMEType('text/HTML; charset=utf-8; q="a b"')),
      thrown(() => new util.MIMEType("nonsense")),
    ],
    "MIMEType.parse": () => [
      String(member(util.MIMEType, "parse")("a/b;c=d")),
      member(util.MIMEType, "parse")("nonsense"),
    ],
    "MIMEType#type": () => {
      const mime = new util.MIMEType("Text/plain");
      mime.type = "application";
      return [mime.type, String(mime)];
    },
    "MIMEType#subtype": () => {
      const mime = new util.MIMEType("text/Plain");
      mime.subtype = "javascript";
      return [mime.subtype, String(mime)];
    },
    "MIMEType#essence": () => new util.MIMEType("text/HTML;a=b").essence,
    "MIMEType#params": () => [...new util.MIMEType("a/b;c=d;e=f").params],
    "MIMEType#toString": () => new util.MIMEType("a/b ; c=D").toString(),
    "MIMEType#toJSON": () =>
      JSON.stringify({ type: new util.MIMEType("a/b;c=d") }),
    MIMEParams: () => {
      const params = new util.MIMEParams();
      params.set("a", "b c");
      return member(params, "toString")();
    },
    ...mimeParams(),
    diff: () => [
      util.diff("12345678", "1!2!3!45!6!7!8!"),
      util.diff(["1", "2"], ["1", "3"]),
    ],
    debounce: async () => {
      const seen: unknown[] = [];
      const later = member(util, "debounce")((value: unknown) => {
        seen.push(value);
        return value;
      }, 5);
      for (const each of [1, 2, 3]) {
        const given = later(each);
        if (given instanceof Promise) given.catch(() => undefined);
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 40);
      });
      return seen;
    },
    throttle: async () => {
      const seen: unknown[] = [];
      const seldom = member(util, "throttle")(
        (value: unknown) => {
          seen.push(value);
        },
        1,
        20,
      );
      for (const each of [1, 2, 3]) {
        const given = seldom(each);
        if (given instanceof Promise) given.catch(() => undefined);
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 60);
      });
      return [seen[0], seen.length < 3];
    },
  },
};

function mimeParams(): Surface["checks"] {
  const made = () => new util.MIMEType("a/b;x=1;y=2").params;
  return {
    "MIMEParams#delete": () => {
      const params = made();
      params.delete("x");
      return [...params];
    },
    "MIMEParams#get": () => [made().get("x"), made().get("z")],
    "MIMEParams#has": () => [made().has("x"), made().has("z")],
    "MIMEParams#set": () => {
      const params = made();
      params.set("z", 'say "hi"');
      return member(params, "toString")();
    },
    "MIMEParams#entries": () => [...made().entries()],
    "MIMEParams#keys": () => [...made().keys()],
    "MIMEParams#values": () => [...made().values()],
    "MIMEParams#toString": () => member(made(), "toString")(),
    "MIMEParams#toJSON": () => JSON.stringify(made()),
  };
}
