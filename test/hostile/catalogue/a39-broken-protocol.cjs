// A39 An executor that was taken over and says on its pipe what it likes.
// executor: answers as a good one would, but for extensions whose source is the name of a breach
// breaches: oversized bad-json unknown-ids others-id flood twice head-lies
const { Socket } = require("node:net");

const pipe = new Socket({ fd: 3, readable: true });
let pending = Buffer.alloc(0);
const sources = new Map();

function frame(head, body = Buffer.alloc(0)) {
  const json = Buffer.from(
    typeof head === "string" ? head : JSON.stringify(head),
  );
  const prefix = Buffer.alloc(8);
  prefix.writeUInt32BE(json.length + body.length, 0);
  prefix.writeUInt32BE(json.length, 4);
  return Buffer.concat([prefix, json, body]);
}

function answer(id) {
  const head = {
    type: "answered",
    id,
    contentType: "application/json",
    httpStatus: 200,
    headers: [],
    runUs: 1,
  };
  return frame(head, Buffer.from('"good"'));
}

const breaches = {
  oversized: () => {
    const prefix = Buffer.alloc(8);
    prefix.writeUInt32BE(0xffffffff, 0);
    prefix.writeUInt32BE(10, 4);
    return prefix;
  },
  "bad-json": () => frame("{not json"),
  "unknown-ids": () =>
    Buffer.concat(Array.from({ length: 20_000 }, (_, n) => answer(1e6 + n))),
  "others-id": (id) =>
    Buffer.concat([1, 2, 3, 4, 5].map((n) => answer(id + n))),
  flood: (id) => {
    const line = { level: "log", timeMs: 1, text: "x".repeat(1000) };
    const head = {
      type: "logged",
      id,
      version: "v",
      invocationId: "i",
      lines: Array(500).fill(line),
      dropped: 0,
    };
    return Buffer.concat(Array(200).fill(frame(head)));
  },
  twice: (id) => Buffer.concat([answer(id), answer(id), answer(id)]),
  "head-lies": (id) =>
    frame({
      type: "answered",
      id,
      contentType: 7,
      httpStatus: "x",
      headers: {},
      runUs: -1,
    }),
};

function handle({ type, id, version, bundleBytes }, body) {
  if (type === "start") pipe.write(frame({ type: "ready" }));
  if (type === "load") {
    sources.set(version, body.toString("utf8", 0, bundleBytes));
    pipe.write(frame({ type: "loaded", id, compileUs: 1, evaluateUs: 1 }));
  }
  if (type === "invoke") {
    const breach = Object.keys(breaches).find((name) =>
      sources.get(version).includes(`breach:${name}`),
    );
    pipe.write(breach ? breaches[breach](id) : answer(id));
  }
}

pipe.on("data", (chunk) => {
  pending = Buffer.concat([pending, chunk]);
  while (pending.length >= 8 && pending.length >= 8 + pending.readUInt32BE(0)) {
    const end = 8 + pending.readUInt32BE(0);
    const headEnd = 8 + pending.readUInt32BE(4);
    handle(
      JSON.parse(pending.toString("utf8", 8, headEnd)),
      pending.subarray(headEnd, end),
    );
    pending = pending.subarray(end);
  }
});
pipe.on("close", () => process.exit(0));
