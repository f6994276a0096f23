// Timers as objects, as promises and in their order.
/* oxlint-disable -- written as programs are, odd ones included */
const util = require("util");
const timers = require("timers");
const tp = require("timers/promises");
module.exports = async () => {
  const out = [];
  const t = (n, f) => {
    try {
      out.push([n, f()]);
    } catch (e) {
      out.push([n, "ERR", e.code, e.name, e.message]);
    }
  };
  const ta = async (n, f) => {
    try {
      out.push([n, await f()]);
    } catch (e) {
      out.push([n, "ERR", e.code, e.name, e.message]);
    }
  };
  t("class", () => {
    const x = setTimeout(() => {}, 1);
    clearTimeout(x);
    return [
      x.constructor.name,
      x.hasRef(),
      x.unref() === x,
      x.hasRef(),
      x.ref() === x,
      typeof +x,
      x[Symbol.toPrimitive]() === +x,
    ];
  });
  t("iclass", () => {
    const x = setImmediate(() => {});
    const r = [
      x.constructor.name,
      x.hasRef(),
      x.unref().hasRef(),
      x.ref().hasRef(),
    ];
    clearImmediate(x);
    r.push(x.hasRef());
    return r;
  });
  t("bad", () => setTimeout("x"));
  t("bad2", () => setImmediate());
  t("bad3", () => setInterval(null, 1));
  t("same", () => [
    timers.setTimeout === setTimeout,
    timers.clearImmediate === clearImmediate,
    timers.promises === tp,
    util.promisify(setTimeout) === tp.setTimeout,
    setTimeout.name,
    setTimeout.length,
  ]);
  await ta("psleep", () => util.promisify(setTimeout)(2, "v"));
  await ta("pimm", () => tp.setImmediate("w"));
  await ta("abort", () => {
    const a = new AbortController();
    const p = tp.setTimeout(1000, 1, { signal: a.signal });
    a.abort();
    return p;
  });
  await ta("interval", async () => {
    let n = 0;
    for await (const v of tp.setInterval(1, "i")) {
      if (++n === 3) return [n, v];
    }
  });
  await ta(
    "args",
    () => new Promise((r) => setTimeout((a, b) => r([a, b]), 1, "A", "B")),
  );
  await ta(
    "this",
    () =>
      new Promise((r) => {
        const x = setTimeout(function () {
          r(this === x);
        }, 1);
      }),
  );
  await ta(
    "refresh",
    () =>
      new Promise((r) => {
        let n = 0;
        const x = setTimeout(() => {
          if (++n === 2) r(n);
          else x.refresh();
        }, 1);
      }),
  );
  await ta(
    "ivclear",
    () =>
      new Promise((r) => {
        let n = 0;
        const x = setInterval(() => {
          if (++n === 3) {
            clearInterval(x);
            setTimeout(() => r(n), 10);
          }
        }, 1);
      }),
  );
  await ta(
    "clearnum",
    () =>
      new Promise((r) => {
        let hit = false;
        const x = setTimeout(() => {
          hit = true;
        }, 1);
        clearTimeout(+x);
        setTimeout(() => r(hit), 10);
      }),
  );
  await ta(
    "clearstr",
    () =>
      new Promise((r) => {
        let hit = false;
        const x = setTimeout(() => {
          hit = true;
        }, 1);
        clearTimeout(String(+x));
        setTimeout(() => r(hit), 10);
      }),
  );
  await ta(
    "dispose",
    () =>
      new Promise((r) => {
        let hit = false;
        {
          using x = setTimeout(() => {
            hit = true;
          }, 1);
        }
        setTimeout(() => r(hit), 10);
      }),
  );
  await ta("wait", () => tp.scheduler.wait(1));
  await ta("yield", () => tp.scheduler.yield());
  await ta(
    "iorder",
    () =>
      new Promise((r) => {
        const o = [];
        setImmediate(() => {
          o.push(1);
          setImmediate(() => {
            o.push(3);
            r(o);
          });
        });
        setImmediate(() => o.push(2));
      }),
  );
  await ta("clearother", () => {
    clearTimeout(null);
    clearTimeout({});
    clearImmediate(undefined);
    clearInterval("zz");
    return 1;
  });
  await ta(
    "order",
    () =>
      new Promise((r) => {
        const o = [];
        setTimeout(() => o.push("b"), 5);
        setTimeout(() => o.push("a"), 2);
        setTimeout(() => o.push("c"), 5);
        setTimeout(() => r(o), 20);
      }),
  );
  return out;
};
