// What AsyncLocalStorage keeps, where the network calls back: on Node, and in an invocation.
/* oxlint-disable -- written as programs are, odd ones included */
const { AsyncLocalStorage } = require("async_hooks");
const { once } = require("events");
const net = require("net");
const http = require("http");
const tls = require("tls");
const als = new AsyncLocalStorage();
const store = () => als.getStore() ?? "none";
const ways = (at) => ({
  "net events": async () => {
    const seen = {};
    const socket = net.connect(
      at.tcp,
      "127.0.0.1",
      () => (seen.listener = store()),
    );
    for (const event of [
      "connect",
      "lookup",
      "ready",
      "data",
      "drain",
      "end",
      "finish",
      "close",
    ])
      socket.on(event, () => (seen[event] = store()));
    als.run("writing", () => socket.write("a", () => (seen.written = store())));
    socket.once("data", () =>
      als.run("ending", () => socket.end("b", () => (seen.ended = store()))),
    );
    await once(socket, "close");
    seen.after = store();
    return Object.entries(seen).sort();
  },
  "net with a name": async () => {
    const seen = {};
    const socket = net.connect(at.tcp, "localhost");
    socket.once("ready", () =>
      socket.setTimeout(5, () => {
        seen.timeout = store();
        als.run("inTimeout", () => socket.end());
      }),
    );
    for (const event of ["connect", "lookup", "end", "finish", "close"])
      socket.on(event, () => (seen[event] = store()));
    await once(socket, "close");
    return Object.entries(seen).sort();
  },
  "a connection that is refused": async () => {
    const seen = {};
    const socket = net.connect(at.none, "127.0.0.1");
    for (const event of ["error", "close"])
      socket.on(event, () => (seen[event] = store()));
    await new Promise((r) => socket.on("close", r));
    return Object.entries(seen).sort();
  },
  "http.get": async () => {
    const seen = {};
    const request = http.get(at.url, (response) => {
      seen.response = store();
      response.on("data", () => (seen.data = store()));
      response.on("end", () => (seen.end = store()));
      response.on("close", () => (seen.responseClose = store()));
    });
    for (const event of ["socket", "finish", "close"])
      request.on(event, () => (seen[event] = store()));
    await once(request, "close");
    return [...Object.entries(seen).sort(), store()];
  },
  "http on a kept connection": async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const get = (name) =>
      als.run(
        name,
        () =>
          new Promise((resolve, reject) => {
            const seen = {};
            http
              .get(at.url, { agent }, (response) => {
                seen.response = store();
                response.on("data", () => (seen.data = store()));
                response.on("end", () => {
                  seen.end = store();
                });
                response.on("close", () => {
                  seen.rclose = store();
                  resolve(Object.entries(seen).sort());
                });
              })
              .on("socket", (s) => (seen.socket = store()))
              .on("error", reject);
          }),
      );
    const first = await get("first");
    const second = await get("second");
    const both = await Promise.all([get("third"), get("fourth")]);
    agent.destroy();
    return [first, second, both];
  },
  "http post of a stream": async () => {
    const seen = {};
    const request = http.request(at.url, { method: "POST" });
    request.on("response", (response) => {
      seen.response = store();
      response.resume();
    });
    require("stream").Readable.from(["a", "b"]).pipe(request);
    request.on("finish", () => (seen.finish = store()));
    await once(request, "close");
    return [...Object.entries(seen).sort(), store()];
  },
  "an http error": async () => {
    const seen = {};
    const request = http.get("http://127.0.0.1:" + at.none);
    request.on("error", () => (seen.error = store()));
    await new Promise((r) =>
      request.on("close", () => r((seen.close = store()))),
    );
    return [...Object.entries(seen).sort(), store()];
  },
  fetch: async () => {
    const seen = [];
    const response = await fetch(at.url);
    seen.push(store());
    for await (const _ of response.body) seen.push(store());
    await fetch(at.url, {
      method: "POST",
      duplex: "half",
      body: new ReadableStream({
        pull(c) {
          seen.push(store());
          c.enqueue(new Uint8Array(1));
          c.close();
        },
      }),
    }).then((r) => r.text());
    await fetch("http://127.0.0.1:" + at.none).catch(() => seen.push(store()));
    seen.push(
      await fetch(at.url)
        .then((r) => r.text())
        .then(() => store()),
    );
    return [...seen, store()];
  },
  dns: async () => [
    await new Promise((r) =>
      require("dns").lookup("localhost", () => r(store())),
    ),
    (await require("dns").promises.lookup("localhost"), store()),
  ],
  "a server": async () => {
    const seen = {};
    const server = http.createServer((request, response) => {
      seen.request = store();
      request.on("data", () => (seen.data = store()));
      request.on("end", () => {
        seen.end = store();
        response.end("x");
      });
      response.on("finish", () => {
        seen.finish = store();
        finished();
      });
    });
    let finished;
    const finish = new Promise((r) => (finished = r));
    await new Promise((r) =>
      als.run("listening", () => server.listen(0, "127.0.0.1", r)),
    );
    server.on("connection", () => (seen.connection = store()));
    await als.run(
      "client",
      () =>
        new Promise((r) => {
          const q = http.request(
            { port: server.address().port, method: "POST" },
            (s) => {
              seen.response = store();
              s.resume();
              s.on("end", r);
            },
          );
          q.end("abc");
        }),
    );
    await finish;
    server.closeAllConnections();
    server.close();
    return Object.entries(seen).sort();
  },
  tls: async () => {
    const seen = {};
    const socket = tls.connect(
      {
        port: at.tls,
        host: "127.0.0.1",
        rejectUnauthorized: false,
        servername: "localhost",
      },
      () => {
        seen.listener = store();
      },
    );
    for (const event of [
      "connect",
      "secureConnect",
      "data",
      "end",
      "finish",
      "close",
      "error",
    ])
      socket.on(event, () => (seen[event] = store()));
    als.run("writing", () => socket.write("a", () => (seen.written = store())));
    socket.once("data", () => als.run("ending", () => socket.end("b")));
    await once(socket, "close");
    return Object.entries(seen).sort();
  },
});
module.exports = async (ctx) => {
  const outcomes = [];
  for (const [name, run] of Object.entries(ways(ctx.data))) {
    try {
      outcomes.push([name, await als.run(name, run)]);
    } catch (error) {
      outcomes.push([name, "threw", String(error)]);
    }
  }
  return outcomes;
};
