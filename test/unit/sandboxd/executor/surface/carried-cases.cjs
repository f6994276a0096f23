// What AsyncLocalStorage keeps, wherever Node's library calls back what a program gave it.
/* oxlint-disable -- written as programs are, odd ones included */
const { AsyncLocalStorage, AsyncResource } = require("async_hooks");
const { EventEmitter, EventEmitterAsyncResource, on, once } = require("events");
const fs = require("fs");
const stream = require("stream");
const streams = require("stream/promises");
const consumers = require("stream/consumers");
const timers = require("timers/promises");
const util = require("util");
const zlib = require("zlib");
const crypto = require("crypto");
const dns = require("dns");
const readline = require("readline");
const als = new AsyncLocalStorage();
const store = () => als.getStore();
const later = () => new Promise((resolve) => setTimeout(resolve, 1));
/** Calls `begin` with a callback; gives the store of the callback. */
const back = (begin) => new Promise((resolve) => begin(() => resolve(store())));
/** What runs outside of the store finishes what was begun in it. */
const outside = (work) => als.exit(work);

const ways = {
  nothing: () => store(),
  "util.promisify": async () => {
    await util.promisify((done) => setTimeout(done, 1))();
    return store();
  },
  "util.callbackify": () =>
    back((done) => util.callbackify(async () => later())(done)),
  "a resolver from elsewhere": async () => {
    let resolve;
    const waiting = new Promise((r) => (resolve = r));
    outside(() => setTimeout(resolve, 1));
    await waiting;
    return store();
  },
  thenable: async () => {
    const seen = [];
    await {
      then(resolve) {
        seen.push(store());
        resolve();
      },
    };
    return [...seen, store()];
  },
  "a thenable that Promise.resolve is given": () =>
    Promise.resolve({ then: (done) => done(store()) }),
  "a thenable that a then gives": () =>
    Promise.resolve().then(() => ({ then: (done) => done(store()) })),
  "Promise.all": () => Promise.all([later(), 1]).then(() => store()),
  "Promise.race": () => Promise.race([later()]).then(() => store()),
  "Promise.any": () => Promise.any([later()]).then(() => store()),
  "Promise.allSettled": () => Promise.allSettled([later()]).then(() => store()),
  "Promise.try": () => Promise.try(() => store()),
  "Promise.withResolvers": () => {
    const { promise, resolve } = Promise.withResolvers();
    outside(() => setTimeout(resolve, 1));
    return promise.then(() => store());
  },
  "for await over a list of promises": async () => {
    const seen = [];
    for await (const _ of [later(), later()]) seen.push(store());
    return seen;
  },
  "an async generator": async () => {
    const seen = [];
    async function* make() {
      seen.push(store());
      yield 1;
      seen.push(store());
      await later();
      seen.push(store());
      yield 2;
    }
    for await (const _ of make()) seen.push(store());
    return seen;
  },
  "an async generator that is driven from another store": async () => {
    async function* make() {
      for (;;) yield store();
    }
    const made = make();
    const first = await made.next();
    const second = await als.run("other", () => made.next());
    return [first.value, second.value];
  },
  "await using": async () => {
    const seen = [];
    {
      await using _kept = {
        async [Symbol.asyncDispose]() {
          await later();
          seen.push(store());
        },
      };
      seen.push(store());
    }
    return [...seen, store()];
  },
  "setTimeout with arguments": () => back((done) => setTimeout(done, 1, 2)),
  refresh: () =>
    back((done) => {
      const timeout = setTimeout(done, 1);
      outside(() => timeout.refresh());
    }),
  "timers/promises setTimeout": async () => {
    await timers.setTimeout(1);
    return store();
  },
  "timers/promises setImmediate": async () => {
    await timers.setImmediate();
    return store();
  },
  "timers/promises setInterval": async () => {
    const seen = [];
    for await (const _ of timers.setInterval(1)) {
      seen.push(store());
      if (seen.length === 2) return seen;
    }
  },
  "timers/promises scheduler": async () => {
    await timers.scheduler.wait(1);
    await timers.scheduler.yield();
    return store();
  },
  EventEmitter: () => {
    const emitter = new EventEmitter();
    let seen;
    emitter.on("x", () => (seen = store()));
    als.run("emitting", () => emitter.emit("x"));
    return seen;
  },
  EventEmitterAsyncResource: () => {
    const emitter = new EventEmitterAsyncResource({ name: "Q" });
    let seen;
    emitter.on("x", () => (seen = store()));
    als.run("emitting", () => emitter.emit("x"));
    return seen;
  },
  "an emitter that captures rejections": () =>
    back((done) => {
      const emitter = new EventEmitter({ captureRejections: true });
      emitter.on("x", async () => {
        throw new Error("no");
      });
      emitter.on("error", done);
      emitter.emit("x");
    }),
  "an emitter in an AsyncResource": () => {
    const emitter = new EventEmitter();
    let seen;
    emitter.on(
      "x",
      AsyncResource.bind(() => (seen = store())),
    );
    als.run("emitting", () => emitter.emit("x"));
    return seen;
  },
  "events.once": async () => {
    const emitter = new EventEmitter();
    outside(() => setTimeout(() => emitter.emit("x"), 1));
    await once(emitter, "x");
    return store();
  },
  "events.on": async () => {
    const emitter = new EventEmitter();
    outside(() => setTimeout(() => emitter.emit("x"), 1));
    for await (const _ of on(emitter, "x")) return store();
  },
  EventTarget: () => {
    const target = new EventTarget();
    let seen;
    target.addEventListener("x", () => (seen = store()));
    als.run("emitting", () => target.dispatchEvent(new Event("x")));
    return seen;
  },
  "AbortSignal.timeout": async () => {
    // Its own timer keeps nothing alive.
    const alive = setInterval(() => undefined, 10);
    const seen = await back((done) =>
      AbortSignal.timeout(1).addEventListener("abort", done),
    );
    clearInterval(alive);
    return seen;
  },
  "Readable's read": async () => {
    const seen = [];
    const readable = new stream.Readable({
      read() {
        seen.push(store());
        setImmediate(() => this.push(seen.length > 1 ? null : "a"));
      },
    });
    readable.on("data", () => seen.push(store()));
    await once(readable, "end");
    return [...seen, store()];
  },
  "Writable's write and its callbacks": async () => {
    const seen = [];
    const writable = new stream.Writable({
      write(chunk, encoding, done) {
        seen.push(store());
        setImmediate(done);
      },
      final(done) {
        seen.push(store());
        done();
      },
    });
    writable.write("a", () => seen.push(store()));
    als.run("second", () => writable.write("b", () => seen.push(store())));
    writable.end(() => seen.push(store()));
    await streams.finished(writable);
    return [...seen, store()];
  },
  "Transform in a pipe": async () => {
    const seen = [];
    const transform = new stream.Transform({
      transform(chunk, encoding, done) {
        seen.push(store());
        setImmediate(done, null, chunk);
      },
      flush(done) {
        seen.push(store());
        done();
      },
    });
    stream.Readable.from(["a", "b"]).pipe(transform);
    transform.on("data", () => seen.push(store()));
    await once(transform, "end");
    return [...seen, store()];
  },
  "Readable.from an async generator": async () => {
    const seen = [];
    const make = async function* () {
      seen.push(store());
      yield "a";
      seen.push(store());
      await later();
      yield "b";
      seen.push(store());
    };
    for await (const _ of stream.Readable.from(make())) seen.push(store());
    return [...seen, store()];
  },
  "pipeline with async generators": async () => {
    const seen = [];
    await streams.pipeline(
      async function* () {
        seen.push(store());
        yield "a";
        await later();
        seen.push(store());
        yield "b";
      },
      async function* (source) {
        for await (const chunk of source) {
          seen.push(store());
          yield chunk;
        }
      },
      async function (source) {
        for await (const _ of source) seen.push(store());
      },
    );
    return [...seen, store()];
  },
  "pipeline from a generator to a stream": async () => {
    const seen = [];
    await streams.pipeline(
      async function* () {
        seen.push(store());
        yield "a";
        seen.push(store());
        await later();
        yield "b";
        seen.push(store());
      },
      new stream.PassThrough(),
      async function* (source) {
        for await (const chunk of source) {
          seen.push(store());
          yield chunk;
          seen.push(store());
        }
      },
      new stream.Writable({
        write(chunk, encoding, done) {
          seen.push(store());
          setImmediate(done);
        },
      }),
    );
    return [...new Set(seen), store()];
  },
  "pipeline's callback": () =>
    back((done) =>
      stream.pipeline(
        stream.Readable.from(["a"]),
        new stream.PassThrough(),
        new stream.Writable({ write: (a, b, c) => c() }),
        done,
      ),
    ),
  "finished's callback": () =>
    back((done) => {
      const through = new stream.PassThrough();
      stream.finished(through, done);
      outside(() => {
        through.resume();
        through.end();
      });
    }),
  "operators of streams": async () => {
    const seen = [];
    const note = async (chunk) => {
      await later();
      seen.push(store());
      return chunk;
    };
    const list = await stream.Readable.from([1, 2, 3])
      .map(note, { concurrency: 2 })
      .filter(note)
      .flatMap(async (chunk) => [await note(chunk)])
      .take(3)
      .toArray();
    await stream.Readable.from([1, 2]).forEach(note);
    await stream.Readable.from([1, 2]).reduce(async (sum, one) => note(one), 0);
    await stream.Readable.from([1]).some(note);
    await stream.Readable.from([1]).every(note);
    await stream.Readable.from([1]).find(note);
    return [list.length, seen, store()];
  },
  "stream.compose": async () => {
    const seen = [];
    const composed = stream.compose(async function* (source) {
      for await (const chunk of source) {
        await later();
        seen.push(store());
        yield chunk;
      }
    }, new stream.PassThrough());
    composed.end("a");
    for await (const _ of composed) seen.push(store());
    return [...seen, store()];
  },
  "Duplex.from": async () => {
    const seen = [];
    const duplex = stream.Duplex.from(async function* (source) {
      for await (const chunk of source) {
        await later();
        seen.push(store());
        yield chunk;
      }
    });
    duplex.end("a");
    for await (const _ of duplex) seen.push(store());
    return [...seen, store()];
  },
  "a for await over a stream that another feeds": async () => {
    const through = new stream.PassThrough();
    outside(() => {
      setTimeout(() => through.write("a"), 1);
      setTimeout(() => through.end("b"), 5);
    });
    const seen = [];
    for await (const _ of through) seen.push(store());
    return [...seen, store()];
  },
  "stream/consumers": async () => {
    await consumers.text(stream.Readable.from(["a"]));
    return store();
  },
  "ReadableStream's methods": async () => {
    const seen = [];
    const readable = new ReadableStream({
      async start() {
        seen.push(["start", store()]);
        await later();
      },
      async pull(controller) {
        seen.push(["pull", store()]);
        await later();
        if (seen.length < 6) controller.enqueue("a");
        else controller.close();
      },
    });
    for await (const _ of readable) seen.push(["read", store()]);
    return [...seen, store()];
  },
  "ReadableStream's cancel": async () => {
    let seen;
    const readable = new ReadableStream({
      cancel() {
        seen = store();
      },
    });
    await als.run("cancelling", () => readable.cancel());
    return [seen, store()];
  },
  "WritableStream's methods": async () => {
    const seen = [];
    const writable = new WritableStream({
      async start() {
        seen.push(["start", store()]);
      },
      async write() {
        seen.push(["write", store()]);
        await later();
      },
      close() {
        seen.push(["close", store()]);
      },
    });
    const writer = writable.getWriter();
    writer.write(1);
    als.run("second", () => writer.write(2));
    await writer.close();
    return [...seen, store()];
  },
  "TransformStream's methods": async () => {
    const seen = [];
    const transform = new TransformStream({
      start() {
        seen.push(["start", store()]);
      },
      async transform(chunk, controller) {
        seen.push(["transform", store()]);
        await later();
        controller.enqueue(chunk);
      },
      flush() {
        seen.push(["flush", store()]);
      },
    });
    const writer = transform.writable.getWriter();
    writer.write(1);
    writer.write(2);
    writer.close();
    for await (const _ of transform.readable) seen.push(["read", store()]);
    return [...seen, store()];
  },
  "pipeTo, pipeThrough and tee": async () => {
    const seen = [];
    const [first, second] = new Blob(["abc"]).stream().tee();
    await first
      .pipeThrough(new TextDecoderStream())
      .pipeTo(new WritableStream({ write: () => void seen.push(store()) }));
    for await (const _ of second) seen.push(store());
    return [...seen, store()];
  },
  "a body of a Response": async () => {
    const seen = [];
    const body = new ReadableStream({
      pull(controller) {
        seen.push(store());
        controller.enqueue(new Uint8Array(1));
        controller.close();
      },
    });
    await new Response(body).arrayBuffer();
    return [...seen, store()];
  },
  "Blob's methods": async () => {
    await new Blob(["a"]).text();
    const one = store();
    await new Blob(["a"]).arrayBuffer();
    return [one, store()];
  },
  "Readable.fromWeb and toWeb": async () => {
    const seen = [];
    const web = stream.Readable.toWeb(stream.Readable.from(["a", "b"]));
    for await (const _ of stream.Readable.fromWeb(web)) seen.push(store());
    return [...seen, store()];
  },
  "fs callbacks": async () => [
    await back((done) => fs.stat("/", done)),
    await back((done) => fs.writeFile("/tmp/carried", "a\nb\n", done)),
    await back((done) => fs.readFile("/tmp/carried", done)),
    await back((done) => fs.open("/tmp/carried", done)),
    await back((done) => fs.readdir("/tmp", done)),
    await back((done) => fs.mkdtemp("/tmp/carried-", done)),
    await back((done) => fs.cp("/tmp/carried", "/tmp/carried2", done)),
    await back((done) => fs.rm("/tmp/carried2", done)),
  ],
  "fs promises": async () => {
    const seen = [];
    await fs.promises.writeFile("/tmp/carried", "a\nb\n");
    seen.push(store());
    const handle = await fs.promises.open("/tmp/carried");
    seen.push(store());
    for await (const _ of handle.readLines()) seen.push(store());
    for await (const _ of await fs.promises.opendir("/tmp")) {
      seen.push(store());
      break;
    }
    return [...seen, store()];
  },
  "fs streams": async () => {
    const seen = [];
    const reading = fs.createReadStream("/tmp/carried");
    reading.on("open", () => seen.push(store()));
    reading.on("data", () => seen.push(store()));
    await once(reading, "close");
    const writing = fs.createWriteStream("/tmp/carried3");
    writing.on("finish", () => seen.push(store()));
    writing.end("a", () => seen.push(store()));
    await once(writing, "close");
    return [...seen, store()];
  },
  readline: async () => {
    const seen = [];
    const lines = readline.createInterface({
      input: stream.Readable.from(["a\nb\n"]),
    });
    lines.on("line", () => seen.push(store()));
    await once(lines, "close");
    for await (const _ of readline.createInterface({
      input: stream.Readable.from(["a\nb\n"]),
    }))
      seen.push(store());
    return [...seen, store()];
  },
  "zlib callbacks and streams": async () => {
    const seen = [await back((done) => zlib.gzip("a", done))];
    const gzip = zlib.createGzip();
    gzip.on("data", () => seen.push(store()));
    gzip.on("end", () => seen.push(store()));
    gzip.end("a");
    await once(gzip, "end");
    return [...seen.slice(0, 2), store()];
  },
  "crypto callbacks": async () => [
    await back((done) => crypto.randomBytes(4, done)),
    await back((done) => crypto.pbkdf2("a", "b", 1, 8, "sha1", done)),
    await back((done) => crypto.scrypt("a", "b", 8, done)),
    await back((done) => crypto.randomInt(5, done)),
    await back((done) => crypto.randomFill(Buffer.alloc(4), done)),
    await back((done) => crypto.hkdf("sha1", "a", "b", "c", 8, done)),
    await back((done) =>
      crypto.generateKeyPair("ec", { namedCurve: "P-256" }, done),
    ),
    await back((done) => crypto.generateKey("hmac", { length: 64 }, done)),
  ],
  WebCrypto: async () => {
    await globalThis.crypto.subtle.digest("SHA-1", new Uint8Array(1));
    return store();
  },
  "dns.lookup of an address": () =>
    back((done) => dns.lookup("127.0.0.1", done)),
  "MessageChannel's ports": async () => {
    const { port1, port2 } = new MessageChannel();
    const seen = await new Promise((resolve) => {
      port2.onmessage = () => resolve(store());
      outside(() => port1.postMessage(1));
    });
    port1.close();
    return [seen, store()];
  },
  "AsyncResource of an older store": () => {
    const resource = als.run("older", () => new AsyncResource("R"));
    const bound = resource.bind(function (...given) {
      return [this?.own, given, store()];
    });
    return [
      bound.call({ own: 1 }, 2),
      bound.length,
      resource.runInAsyncScope(store),
      AsyncResource.bind(store).call(),
    ];
  },
  "enterWith in a callback": () =>
    back((done) =>
      setTimeout(() => {
        als.enterWith("entered");
        process.nextTick(done);
      }, 1),
    ),
  "enterWith in a timer is not seen by the next": async () => {
    setTimeout(() => als.enterWith("entered"), 1);
    return back((done) => setTimeout(done, 3));
  },
  "enterWith in a microtask is not seen by the next": async () => {
    queueMicrotask(() => als.enterWith("entered"));
    return back((done) => queueMicrotask(done));
  },
  "enterWith before an await": async () => {
    const inner = async () => {
      await later();
      als.enterWith("inner");
      await later();
      return store();
    };
    return [await inner(), store()];
  },
  "a scope that is used": () => {
    const seen = [];
    if (typeof als.withScope !== "function") return "none";
    {
      using _ = als.withScope("scoped");
      seen.push(store());
    }
    return [...seen, store()];
  },
  "nextTick with arguments": () =>
    back((done) => process.nextTick((one, two) => done(one + two), 1, 2)),
  "two stores at once, each its own": () =>
    Promise.all(
      [1, 2, 3].map((one) =>
        als.run(one, async () => {
          const seen = [];
          for (let at = 0; at < 3; at++) {
            await timers.setTimeout(one);
            seen.push(store());
            await null;
            seen.push(store());
            await streams.finished(stream.Readable.from([]).resume());
            seen.push(store());
          }
          return seen;
        }),
      ),
    ),
};

module.exports = async () => {
  const outcomes = [];
  for (const [name, run] of Object.entries(ways)) {
    try {
      outcomes.push([name, (await als.run(name, run)) ?? "no store"]);
    } catch (error) {
      outcomes.push([name, "threw", String(error)]);
    }
  }
  return outcomes;
};
