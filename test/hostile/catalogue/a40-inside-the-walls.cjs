// A40 Native code inside the walls: files, network, other processes, and the host's signals are out of reach.
// executor: whatever is invoked, it tries its ways out and answers with what each came to
// payload: { "port": a TCP port of the host's loopback, "abstract": a unix socket's abstract name, "pid": a process of the host, "home": a folder }
const { execFileSync } = require("node:child_process");
const { readdirSync, readFileSync, writeFileSync } = require("node:fs");
const net = require("node:net");

const pipe = new net.Socket({ fd: 3, readable: true });
let pending = Buffer.alloc(0);

function send(head, body = Buffer.alloc(0)) {
  const json = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(8);
  prefix.writeUInt32BE(json.length + body.length, 0);
  prefix.writeUInt32BE(json.length, 4);
  pipe.write(Buffer.concat([prefix, json, body]));
}

const attempt = (work) => {
  try {
    return work();
  } catch (error) {
    return error.code ?? error.message;
  }
};

const connect = (options) =>
  new Promise((resolve) => {
    try {
      const socket = net.connect(options, () => resolve("connected"));
      socket.on("error", ({ code }) => resolve(code));
    } catch (error) {
      resolve(error.code ?? error.message);
    }
  });

async function tryEverything({ port, abstract, pid, home }) {
  return {
    passwd: attempt(() => readFileSync("/etc/passwd", "utf8").length),
    home: attempt(() => readdirSync(home).length),
    write: attempt(() => writeFileSync("/dropped", "x")),
    temporary: attempt(() => writeFileSync("/tmp/dropped", "x")),
    tcp: await connect({ host: "127.0.0.1", port }),
    tcp6: await connect({ host: "::1", port }),
    abstract: await connect({ path: `\0${abstract}` }),
    pids: attempt(
      () => readdirSync("/proc").filter((name) => /^\d+$/.test(name)).length,
    ),
    signal: attempt(() => process.kill(pid, 0)),
    shell: attempt(() => execFileSync("/bin/sh", ["-c", "id"]).toString()),
    env: Object.keys(process.env).filter((name) => name !== "PWD"),
    uid: process.getuid(),
    root: attempt(() => readdirSync("/").toSorted()),
  };
}

async function handle({ type, id }, body) {
  if (type === "start") send({ type: "ready" });
  if (type === "load")
    send({ type: "loaded", id, compileUs: 1, evaluateUs: 1 });
  if (type !== "invoke") return;
  const found = Buffer.from(
    JSON.stringify(await tryEverything(JSON.parse(body.toString()))),
  );
  send(
    {
      type: "answered",
      id,
      contentType: "application/json",
      httpStatus: 200,
      headers: [],
      runUs: 1,
    },
    found,
  );
}

pipe.on("data", (chunk) => {
  pending = Buffer.concat([pending, chunk]);
  while (pending.length >= 8 && pending.length >= 8 + pending.readUInt32BE(0)) {
    const end = 8 + pending.readUInt32BE(0);
    const headEnd = 8 + pending.readUInt32BE(4);
    void handle(
      JSON.parse(pending.toString("utf8", 8, headEnd)),
      pending.subarray(headEnd, end),
    );
    pending = pending.subarray(end);
  }
});
pipe.on("close", () => process.exit(0));
