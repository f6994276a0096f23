/** What most programs come to use of the library, in its own order of need: each step, a call, does a little of it. */

const steps = [
  // What nearly all need.
  `const { inspect, promisify, inherits, format } = require("util");
   const { EventEmitter } = require("events");
   const bytes = Buffer.concat([Buffer.from("é", "utf8"), Buffer.alloc(3)]);
   inspect({ bytes, list: [1, new Map([["a", new Error("b")]])], date: new Date(0) });
   format("%s %d %j %o", "a", 1, {}, [undefined, null, true, /a/, Symbol("b"), () => 1]);
   const emitter = new EventEmitter();
   emitter.once("end", () => process.env.HOME);
   emitter.on("end", () => undefined).emit("end", 1);
   emitter.removeAllListeners();
   Buffer.from(bytes.toString("base64"), "base64").toString("hex");
   bytes.slice(1).equals(Buffer.from([1, 2]));
   promisify((done) => process.nextTick(done))().then(ended);`,
  `const { Readable, Transform, PassThrough, pipeline } = require("stream");
   const upper = new Transform({ transform: (piece, _, done) => done(null, String(piece).toUpperCase()) });
   const sink = new PassThrough();
   sink.on("data", () => undefined);
   pipeline(Readable.from(["a", "b"]), upper, sink, ended);`,
  `const url = require("url");
   const path = require("path");
   require("querystring").parse("a=b&c=%20");
   require("string_decoder");
   path.join("/a", "../b", path.basename("c.js", path.extname("c.js")));
   url.format(url.parse("http://a.b:1/c?d=e#f", true));
   const address = new URL("../a?b=c", "http://d.e/f/");
   address.searchParams.append("g", "h");
   String(address) + new URLSearchParams({ a: "b" });
   ended();`,
  `console.log("%s", "a", { b: [1, "c"] });
   console.error(new Error("d"));
   ended();`,
  `const controller = new AbortController();
   controller.signal.addEventListener("abort", () => ended());
   new TextDecoder().decode(new TextEncoder().encode("é"));
   structuredClone({ a: [new Date(0), new Map()] });
   performance.now();
   atob(btoa("a"));
   controller.abort();`,
  `const init = { method: "POST", headers: { name: "value" }, body: JSON.stringify({}) };
   const asked = new Request("http://a.b/", init);
   new Headers(asked.headers).get("name");
   const text = async () => {
     const answer = await fetch(asked.url, init);
     if (!answer.ok || answer.headers.get("name") !== "value") throw new Error("no answer");
     await answer.text();
     await (await fetch("http://a.b/")).json().catch(() => undefined);
     await new Response(new Blob(["a"])).arrayBuffer();
     await new Response(new ReadableStream({ type: "bytes", start: (to) => to.close() })).text();
   };
   text().then(ended);`,
  `const crypto = require("crypto");
   crypto.createHash("sha256").update("a").digest("hex");
   crypto.createHmac("sha256", "key").update(Buffer.from("a")).digest("base64");
   crypto.randomBytes(8);
   crypto.randomUUID();
   crypto.timingSafeEqual(Buffer.from("a"), Buffer.from("a"));
   ended();`,
  `const zlib = require("zlib");
   zlib.gunzipSync(zlib.gzipSync("a"));
   zlib.deflate("a", ended);`,
  `const http = require("http");
   http.get("http://127.0.0.1/", (answer) => answer.resume().on("end", ended));`,
  `require("https");
   require("tls");
   ended();`,
  `const { AsyncLocalStorage } = require("async_hooks");
   new AsyncLocalStorage().run(1, () => setTimeout(ended, 1));`,
  ...[
    "assert",
    "os",
    "fs",
    "tty",
    "dns",
    "readline",
    "timers/promises",
    "perf_hooks",
    "module",
    "vm",
    "child_process",
    "worker_threads",
  ].map((name) => `require("${name}");\nended();`),
];

/** How many steps there are. */
export const stepCount = steps.length;

/** A program that does the step which its call's body names. */
export const stepsSource = `const steps = [${steps
  .map((step) => `(ended) => {${step}\n}`)
  .join(",\n")}];
module.exports = (ctx, cb) =>
  steps[ctx.body.step]((error) => (error ? cb(error) : cb(null, {})));`;
