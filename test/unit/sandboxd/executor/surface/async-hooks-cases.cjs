// What AsyncLocalStorage keeps, through all that puts work off.
/* oxlint-disable -- written as programs are, odd ones included */
const {
  AsyncLocalStorage,
  AsyncResource,
  executionAsyncId,
  triggerAsyncId,
  createHook,
  executionAsyncResource,
} = require("async_hooks");
const als = new AsyncLocalStorage();
const als2 = new AsyncLocalStorage({ defaultValue: "def", name: "n" });
module.exports = async () => {
  const out = [];
  const ta = async (n, f) => {
    try {
      out.push([n, await f()]);
    } catch (e) {
      out.push([n, "ERR", e.code, e.message]);
    }
  };
  await ta("none", () => als.getStore() === undefined);
  await ta("default", () => [als2.getStore(), als2.name]);
  await ta("run", () => als.run({ a: 1 }, () => als.getStore().a));
  await ta("after", () => als.getStore() === undefined);
  await ta("await", () =>
    als.run("x", async () => {
      await null;
      await new Promise((r) => setTimeout(r, 1));
      return als.getStore();
    }),
  );
  await ta("then", () =>
    als.run("t", () => Promise.resolve().then(() => als.getStore())),
  );
  await ta("catch", () =>
    als.run("c", () => Promise.reject(1).catch(() => als.getStore())),
  );
  await ta("finally", () =>
    als.run("f", () => {
      let s;
      return Promise.resolve()
        .finally(() => {
          s = als.getStore();
        })
        .then(() => s);
    }),
  );
  await ta("tick", () =>
    als.run(
      "k",
      () => new Promise((r) => process.nextTick(() => r(als.getStore()))),
    ),
  );
  await ta("micro", () =>
    als.run(
      "m",
      () => new Promise((r) => queueMicrotask(() => r(als.getStore()))),
    ),
  );
  await ta("timer", () =>
    als.run(
      "T",
      () => new Promise((r) => setTimeout(() => r(als.getStore()), 1)),
    ),
  );
  await ta("imm", () =>
    als.run(
      "I",
      () => new Promise((r) => setImmediate(() => r(als.getStore()))),
    ),
  );
  await ta("interval", () =>
    als.run(
      "V",
      () =>
        new Promise((r) => {
          const i = setInterval(() => {
            clearInterval(i);
            r(als.getStore());
          }, 1);
        }),
    ),
  );
  await ta("all", () =>
    Promise.all(
      [1, 2, 3].map((n) =>
        als.run(n, async () => {
          await null;
          await new Promise((r) => setTimeout(r, 5 - n));
          return als.getStore();
        }),
      ),
    ),
  );
  await ta("nested", () =>
    als.run(1, () =>
      als2.run(2, async () => {
        await null;
        return [
          als.getStore(),
          als2.getStore(),
          als.exit(() => als.getStore()) === undefined,
          als.getStore(),
        ];
      }),
    ),
  );
  await ta("enter", async () => {
    const inner = async () => {
      als.enterWith("E");
      await null;
      return als.getStore();
    };
    const r = await als.run("o", inner);
    return [r, als.getStore()];
  });
  await ta("bind", () => {
    const f = als.run("B", () => AsyncLocalStorage.bind(() => als.getStore()));
    return f();
  });
  await ta("snapshot", () => {
    const s = als.run("S", () => AsyncLocalStorage.snapshot());
    return als.run("other", () => s(() => als.getStore()));
  });
  await ta("resource", () => {
    const r = als.run("R", () => new AsyncResource("X"));
    return [
      r.runInAsyncScope((a) => [als.getStore(), a], null, 7),
      typeof r.asyncId(),
      typeof r.triggerAsyncId(),
      r.emitDestroy() === r,
    ];
  });
  await ta("rbind", () =>
    als.run("RB", () => AsyncResource.bind(() => als.getStore()))(),
  );
  await ta("disable", () =>
    als.run("D", () => {
      als.disable();
      return als.getStore() === undefined;
    }),
  );
  await ta("ids", () => [
    typeof executionAsyncId(),
    typeof triggerAsyncId(),
    typeof executionAsyncResource(),
  ]);
  await ta("hook", () => {
    const seen = [];
    const h = createHook({ init: (id, type) => seen.push(type) }).enable();
    new AsyncResource("MINE");
    h.disable();
    return seen.filter((x) => x === "MINE");
  });
  await ta("badrun", () => als.run(1));
  await ta("throw", () => {
    try {
      als.run("z", () => {
        throw new Error("q");
      });
    } catch (e) {
      return [e.message, als.getStore() === undefined];
    }
  });
  await ta("events", () =>
    als.run(
      "ev",
      () =>
        new Promise((r) => {
          const e = new (require("events"))();
          e.on("x", () => r(als.getStore()));
          setTimeout(() => e.emit("x"), 1);
        }),
    ),
  );
  await ta("stream", () =>
    als.run("st", async () => {
      const { Readable } = require("stream");
      const got = [];
      for await (const c of Readable.from(["a", "b"]))
        got.push(c + als.getStore());
      return got;
    }),
  );
  await ta("dc", () => {
    const dc = require("diagnostics_channel");
    const got = [];
    dc.subscribe("c", (m, n) => got.push([m.v, n]));
    dc.channel("c").publish({ v: 1 });
    const tc = dc.tracingChannel("q");
    tc.subscribe({
      start: () => got.push("start"),
      end: () => got.push("end"),
    });
    tc.traceSync(() => got.push("run"));
    return [got, dc.hasSubscribers("c")];
  });
  await ta("dcstore", () => {
    const dc = require("diagnostics_channel");
    const ch = dc.channel("st");
    ch.bindStore(als, (d) => d.u);
    return ch.runStores({ u: "U" }, () => als.getStore());
  });
  await ta("fscb", () =>
    als.run(
      "fs",
      () =>
        new Promise((r) =>
          require("fs").readFile("/tmp", () => r(als.getStore())),
        ),
    ),
  );
  return out;
};
