// What nobody catches, as listeners of `process` hear of it; the same in plain Node.
/* oxlint-disable -- written as programs are, odd ones included */
const heard = [];
const promises = [];
const told = (thrown) =>
  thrown instanceof Error ? [thrown.name, thrown.message] : [thrown];
const keep = (promise) => promises.push(promise);
const turn = (ms) => new Promise((done) => setTimeout(done, ms));

module.exports = async () => {
  const out = [];
  const round = async (name, run) => {
    heard.length = promises.length = 0;
    run();
    await turn(15);
    out.push([name, [...heard]]);
  };
  process.on("uncaughtExceptionMonitor", (thrown, origin) =>
    heard.push(["monitor", told(thrown), origin]),
  );
  process.on("uncaughtException", (thrown, origin) =>
    heard.push(["uncaught", told(thrown), origin]),
  );
  await round("timer", () =>
    setTimeout(() => {
      throw new RangeError("timer");
    }, 1),
  );
  await round("tick and microtask", () => {
    queueMicrotask(() => {
      throw "microtask";
    });
    process.nextTick(() => {
      throw new Error("tick");
    });
  });
  await round("rejections are uncaught where nobody listens to them", () => {
    Promise.reject(new TypeError("lost"));
    Promise.reject(1);
  });
  await round("a listener's own error", () =>
    setImmediate(() => {
      process.setUncaughtExceptionCaptureCallback((thrown) =>
        heard.push(["captured", told(thrown)]),
      );
      throw new Error("for the callback");
    }),
  );
  out.push([
    "capture",
    process.hasUncaughtExceptionCaptureCallback(),
    process.setUncaughtExceptionCaptureCallback(null),
    process.hasUncaughtExceptionCaptureCallback(),
  ]);

  process.on("unhandledRejection", (reason, promise) =>
    heard.push(["unhandled", told(reason), promises.indexOf(promise)]),
  );
  out.push([
    "promises are of their class all the same",
    Promise.resolve(1).constructor === Promise,
    (async () => 1)().constructor === Promise,
    Promise.prototype.constructor === Promise,
    Promise.resolve(1).then(() => 1) instanceof Promise,
    Object.getOwnPropertyNames(Promise).sort(),
    ((one) => Promise.resolve(one) === one)(Promise.resolve(1)),
    Promise.name,
    new (class Mine extends Promise {})(() => 1).then().constructor.name,
  ]);
  process.on("rejectionHandled", (promise) =>
    heard.push(["handled", promises.indexOf(promise)]),
  );
  await round("of each kind", () => {
    keep(Promise.reject(new Error("made")));
    keep(new Promise((_, reject) => reject(5)));
    keep(
      Promise.resolve().then(() => {
        throw { own: 1 };
      }),
    );
    keep(
      (async () => {
        throw new TypeError("async");
      })(),
    );
    keep(
      (async () => {
        await null;
        throw new TypeError("awaited");
      })(),
    );
    keep(Promise.all([Promise.reject(new Error("one of all"))]));
    keep(Promise.reject(null).finally(() => {}));
    keep(Promise.withResolvers().promise);
    keep(
      Promise.try(() => {
        throw new Error("tried");
      }),
    );
  });
  await round("handled in time", () => {
    const ticked = Promise.reject(new Error("by a tick"));
    process.nextTick(() => ticked.catch(() => {}));
    const micro = Promise.reject(new Error("by a microtask"));
    queueMicrotask(() => micro.catch(() => {}));
    const late = Promise.reject(new Error("by a tick of a microtask"));
    queueMicrotask(() => process.nextTick(() => late.then(null, () => {})));
    (async () => {
      try {
        await Promise.reject(new Error("by await"));
      } catch {}
    })();
    Promise.race([Promise.reject(1)]).catch(() => {});
    Promise.resolve(Promise.reject(2)).catch(() => {});
    new Promise((done) => done(Promise.reject(3))).catch(() => {});
  });
  await round("handled too late", () => {
    keep(Promise.reject(new Error("late")));
    setTimeout(() => promises[0].catch(() => {}), 1);
  });
  await round("a listener that throws is uncaught", () => {
    process.once("unhandledRejection", () => {
      throw new Error("of the listener");
    });
    Promise.reject(new Error("first"));
  });
  out.push([Promise.resolve(promises[0]) === promises[0]]);
  class Own extends Promise {}
  const own = Own.resolve(1);
  out.push([
    own instanceof Own,
    own.then(() => {}) instanceof Own,
    Promise.name,
    Promise.length,
    own instanceof Promise,
    (async () => {})() instanceof Promise,
  ]);
  return out;
};
