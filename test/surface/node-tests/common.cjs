/* What Node's tests ask of their folder `common`, written anew for the inside of an isolate. */
"use strict";

const assert = require("assert");
const net = require("net");
const util = require("util");

const longestMs = 8000;
const lookEveryMs = 5;
/* Nothing is expected any more: late calls that must not come may still. */
const lingerMs = 50;
/* For what a test's servers are still open for, once nothing is expected any more. */
const longestLingerMs = 1000;

const expected = [];

function mustCallChecks(run, criteria, least) {
  const check = { count: 0, criteria, least, name: run?.name || "callback" };
  expected.push(check);
  const call = function (...parameters) {
    check.count++;
    return run?.apply(this, parameters);
  };
  Object.defineProperties(call, {
    name: { value: run?.name, configurable: true },
    length: { value: run?.length ?? 0, configurable: true },
  });
  return call;
}

const counted = (least) => (run, count) =>
  typeof run === "number"
    ? mustCallChecks(undefined, run, least)
    : mustCallChecks(run, count ?? 1, least);

const failures = [];
const isDone = ({ count, criteria }) => count >= criteria;
const wrong = ({ count, criteria, least }) =>
  least ? count < criteria : count !== criteria;

const common = {
  mustCall: counted(false),
  mustCallAtLeast: counted(true),
  mustSucceed: (run, count) =>
    common.mustCall(function (error, ...rest) {
      assert.ifError(error);
      return run?.apply(this, rest);
    }, count),
  mustNotCall: (message) =>
    function mustNotCall(...parameters) {
      assert.fail(
        `${message || "function"} should not have been called ${util.inspect(parameters).slice(0, 100)}`,
      );
    },
  mustNotMutateObjectDeep: (value) => value,
  expectsError: (validator, exact) =>
    common.mustCall((...parameters) => {
      assert.strictEqual(parameters.length, 1);
      const [error] = parameters;
      assert.throws(() => {
        throw error;
      }, validator);
      return true;
    }, exact),
  expectWarning: () => undefined,
  allowGlobals: () => undefined,
  skip: (why) => {
    throw new Skipped(why);
  },
  printSkipMessage: () => undefined,
  skipIf32Bits: () => undefined,
  platformTimeout: (ms) => Number(ms),
  getArrayBufferViews: (buffer) =>
    [
      Int8Array,
      Uint8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
      Float32Array,
      Float64Array,
      BigInt64Array,
      BigUint64Array,
      DataView,
    ]
      .filter(
        ({ BYTES_PER_ELEMENT = 1 }) =>
          buffer.byteLength % BYTES_PER_ELEMENT === 0,
      )
      .map(
        (View) =>
          new View(
            buffer.buffer,
            buffer.byteOffset,
            buffer.byteLength / (View.BYTES_PER_ELEMENT ?? 1),
          ),
      ),
  getBufferSources: (buffer) => [
    ...common.getArrayBufferViews(buffer),
    new Uint8Array(buffer).buffer,
  ],
  getTTYfd: () => -1,
  createZeroFilledFile: () => undefined,
  canCreateSymLink: () => false,
  invalidArgTypeHelper: (input) => {
    if (input == null) return ` Received ${input}`;
    if (typeof input === "function") return ` Received function ${input.name}`;
    if (typeof input === "object") {
      if (input.constructor?.name)
        return ` Received an instance of ${input.constructor.name}`;
      return ` Received ${util.inspect(input, { depth: -1 })}`;
    }
    let shown = util.inspect(input, { colors: false });
    if (shown.length > 28) shown = `${shown.slice(0, 25)}...`;
    return ` Received type ${typeof input} (${shown})`;
  },
  runWithInvalidFD: () => undefined,
  hasCrypto: true,
  hasOpenSSL3: true,
  hasOpenSSL: () => true,
  hasIntl: true,
  hasIPv6: false,
  hasFullICU: true,
  isWindows: false,
  isLinux: true,
  isMacOS: false,
  isFreeBSD: false,
  isAIX: false,
  isIBMi: false,
  isSunOS: false,
  isMainThread: true,
  isInsideDirWithUnusualChars: false,
  isDebug: false,
  isASan: false,
  isPi: () => false,
  isDumbTerminal: true,
  isBoringSSL: false,
  hasMultiLocalhost: () => false,
  enoughTestMem: false,
  localhostIPv4: "127.0.0.1",
  PORT: 12346,
  opensslCli: false,
};

class Skipped extends Error {}

/* Servers that listen, as Node's process would not end before them. */
const servers = new Set();
const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (...parameters) {
  this.once("listening", () => servers.add(this));
  return listen.apply(this, parameters);
};
const isServing = () => {
  for (const server of servers)
    // oxlint-disable-next-line no-underscore-dangle -- Node's name
    if (server.listening && !server._unref) return true;
  return false;
};

/* Runs a test and waits until all it expects has come; then says what is wrong, or nothing. */
common.outcome = (run, answer) => {
  for (const event of ["uncaughtException", "unhandledRejection"])
    process.on(event, (error) => {
      /* A test that listens itself expects it. */
      if (process.listenerCount(event) === 1) failures.push(error);
    });
  try {
    run();
  } catch (error) {
    if (error instanceof Skipped) return answer("");
    return answer(String(error?.stack ?? error).slice(0, 2000) || "threw");
  }
  const endMs = Date.now() + longestMs;
  const say = () => {
    try {
      process.emit("exit", 0);
    } catch (error) {
      failures.push(error);
    }
    const left = expected
      .filter(wrong)
      .map(
        ({ name, count, criteria }) =>
          `${name} was called ${count} of ${criteria} times`,
      );
    const told = [
      ...failures.map((error) => String(error?.stack ?? error).slice(0, 2000)),
      ...left,
    ];
    answer(told.join("; "));
  };
  let quietMs = 0;
  const look = () => {
    const isQuiet = expected.every(isDone);
    if (isQuiet && isServing()) quietMs += lookEveryMs;
    const isOver = isQuiet && (!isServing() || quietMs > longestLingerMs);
    if (failures.length === 0 && !isOver && Date.now() < endMs)
      setTimeout(look, lookEveryMs);
    else setTimeout(say, lingerMs);
  };
  setImmediate(look);
};

module.exports = common;
