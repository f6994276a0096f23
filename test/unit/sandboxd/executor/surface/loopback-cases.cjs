/* Servers and their clients within one process: `net` and `http` as they are tried. Each case gives plain data. */
"use strict";

const assert = require("assert");
const http = require("http");
const net = require("net");
const { once } = require("events");
const { pipeline, Readable } = require("stream");

const told = (error) => [error.name, error.code, error.syscall];

async function listening(server, ...where) {
  server.listen(...(where.length > 0 ? where : [0, "127.0.0.1"]));
  await once(server, "listening");
  return server.address().port;
}

async function textOf(stream) {
  let text = "";
  for await (const piece of stream) text += piece;
  return text;
}

function ask(options, body) {
  return new Promise((resolve) => {
    const request = http.request(options);
    const information = [];
    request.on("information", (each) => information.push(each.statusCode));
    request.on("continue", () => information.push("continue"));
    request.on("error", (error) => resolve(told(error)));
    request.on("response", async (response) => {
      try {
        const text = await textOf(response.setEncoding("utf8"));
        const { statusCode, headers, trailers } = response;
        delete headers.date;
        resolve({ statusCode, headers, trailers, text, information });
      } catch (error) {
        resolve([statusOf(response), ...told(error)]);
      }
    });
    if (typeof body === "function") body(request);
    else request.end(body);
  });
}

const statusOf = ({ statusCode }) => statusCode;

const shown = {
  "the order of events on both sides": async () => {
    const seen = [];
    const server = net.createServer((socket) => {
      socket.on("data", (data) => seen.push(`server data ${data}`));
      for (const name of ["end", "close"])
        socket.on(name, () => seen.push(`server ${name}`));
    });
    const port = await listening(server);
    const client = net.connect(port, "127.0.0.1");
    for (const name of ["connect", "ready", "end", "close"])
      client.on(name, () => seen.push(`client ${name}`));
    await once(client, "ready");
    seen.push([client.remoteAddress, client.remotePort === port]);
    client.resume().end("abc");
    await once(client, "close");
    server.close();
    await once(server, "close");
    return [seen, client.bytesWritten, server.listening, server.address()];
  },
  "a side that answers an end is gone before the other hears of it":
    async () => {
      const seen = [];
      let accepted;
      const server = net.createServer((socket) => {
        accepted = socket.resume();
        for (const name of ["end", "finish", "close", "error"])
          socket.on(name, () => seen.push(`server ${name}`));
      });
      const port = await listening(server);
      const client = net.connect(port, "127.0.0.1");
      for (const name of ["finish", "end", "close"])
        client.on(name, () => seen.push(`client ${name}`, accepted.destroyed));
      client.on("end", () =>
        accepted.write("late", (error) =>
          seen.push(told(error), error.message),
        ),
      );
      client.on("connect", () => client.end());
      await once(client, "close");
      server.close();
      await once(server, "close");
      return seen;
    },
  "a handle that was closed takes nothing": async () => {
    const server = net.createServer();
    const port = await listening(server);
    const client = net.connect(port, "127.0.0.1");
    await once(client, "connect");
    // oxlint-disable-next-line no-underscore-dangle -- Node's name
    client._handle.close();
    client.write("words");
    const [error] = await once(client, "error").catch((failure) => [failure]);
    server.close();
    return [told(error), error.message];
  },
  "addresses as both sides see them": async () => {
    const server = net.createServer();
    const port = await listening(server, 0, "localhost");
    const client = net.connect({ port, host: "localhost" });
    const [[socket]] = await Promise.all([
      once(server, "connection"),
      once(client, "connect"),
    ]);
    const pairs = [
      socket.remotePort === client.localPort,
      socket.localPort === client.remotePort,
      socket.remoteAddress,
      client.localAddress,
      socket.remoteFamily,
    ];
    client.destroy();
    server.close();
    return pairs;
  },
  "half-open: who ended may still be told": async () => {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      let text = "";
      socket.setEncoding("utf8").on("data", (piece) => (text += piece));
      socket.on("end", () =>
        setTimeout(() => socket.end(text.toUpperCase()), 5),
      );
    });
    const port = await listening(server);
    const client = net.connect({
      port,
      host: "127.0.0.1",
      allowHalfOpen: true,
    });
    client.end("shout");
    const text = await textOf(client.setEncoding("utf8"));
    server.close();
    return text;
  },
  "a side that is destroyed with bytes unread, and one that resets":
    async () => {
      const outcomes = [];
      for (const end of ["resetAndDestroy", "destroy"]) {
        const server = net.createServer((socket) => {
          socket.on("error", () => undefined);
          setTimeout(() => socket[end](), 5);
        });
        const port = await listening(server);
        const client = net.connect(port, "127.0.0.1");
        client.on("error", (error) => outcomes.push(told(error)));
        client.on("end", () => outcomes.push("end"));
        client.resume();
        await new Promise((resolve) => {
          client.on("close", (hadError) => resolve(outcomes.push(hadError)));
        });
        server.close();
      }
      return outcomes;
    },
  "a port that is taken, and one that is free again": async () => {
    const first = net.createServer();
    const port = await listening(first);
    const second = net.createServer();
    second.listen(port, "127.0.0.1");
    const [error] = await once(second, "error");
    first.close();
    await once(first, "close");
    const again = await listening(second, port, "127.0.0.1");
    second.close();
    return [told(error), again === port];
  },
  "an address that is not its own": async () => {
    const server = net.createServer();
    server.listen(0, "192.0.2.1");
    return told((await once(server, "error"))[0]);
  },
  "four mebibytes there and back, with back-pressure": async () => {
    const server = net.createServer((socket) =>
      pipeline(socket, socket, () => {}),
    );
    const port = await listening(server);
    const client = net.connect(port, "127.0.0.1");
    const piece = Buffer.alloc(256 * 1024, 7);
    let drains = 0;
    let got = 0;
    client.on("data", (data) => (got += data.length));
    for (let at = 0; at < 16; at++)
      if (!client.write(piece)) {
        await once(client, "drain");
        drains++;
      }
    client.end();
    await once(client, "close");
    server.close();
    return [got, drains > 0];
  },
  "a paused reader keeps its writer waiting": async () => {
    const server = net.createServer({ pauseOnConnect: true });
    const port = await listening(server);
    const client = net.connect(port, "127.0.0.1");
    const [socket] = await once(server, "connection");
    client.write(Buffer.alloc(4 * 1024 * 1024));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const waits = client.writableLength > 0;
    let got = 0;
    socket.on("data", (data) => (got += data.length)).resume();
    client.end();
    await once(socket, "end");
    server.close();
    return [waits, got];
  },
  "http: bodies, trailers and interim answers": async () => {
    const server = http.createServer((request, response) => {
      if (request.url === "/early")
        response.writeEarlyHints({ link: "</a.css>; rel=preload" });
      if (request.method === "HEAD") return response.end();
      response.setHeader("trailer", "x-sum");
      request.pipe(response, { end: false });
      request.on("end", () => {
        response.addTrailers({ "x-sum": "1" });
        response.end();
      });
    });
    const port = await listening(server);
    const where = { port, host: "127.0.0.1", agent: false };
    const answers = [
      await ask({ ...where, path: "/early", method: "POST" }, "héllo"),
      await ask(
        { ...where, method: "POST", headers: { expect: "100-continue" } },
        (request) => request.on("continue", () => request.end("later")),
      ),
      await ask({ ...where, method: "PUT" }, (request) =>
        Readable.from(["a", "b", "c"]).pipe(request),
      ),
      await ask({ ...where, method: "HEAD" }),
    ];
    server.close();
    return answers.map((answer) => {
      delete answer.headers?.["keep-alive"];
      return answer;
    });
  },
  "http: connections kept by an agent": async () => {
    let made = 0;
    const server = http.createServer((request, response) =>
      response.end(request.url),
    );
    server.on("connection", () => made++);
    const port = await listening(server);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
    const where = { port, host: "127.0.0.1", agent };
    const texts = await Promise.all(
      ["/1", "/2", "/3", "/4"].map(
        async (path) => (await ask({ ...where, path })).text,
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
    const free = Object.values(agent.freeSockets).flat().length;
    agent.destroy();
    server.close();
    return [texts, made, free];
  },
  "http: what a server does with a bad or a cut request": async () => {
    const server = http.createServer((request, response) => {
      if (request.url === "/cut") response.destroy();
      else if (request.url === "/short") {
        response.writeHead(200, { "content-length": 9 });
        response.write("abc");
        setTimeout(() => response.destroy(), 5);
      } else response.end();
    });
    const port = await listening(server);
    const where = { port, host: "127.0.0.1", agent: false };
    const raw = net.connect(port, "127.0.0.1");
    raw.end("NONSENSE\r\n\r\n");
    const outcomes = [
      await textOf(raw.setEncoding("latin1")),
      await ask({ ...where, path: "/cut" }),
      await ask({ ...where, path: "/short" }),
    ];
    server.close();
    return outcomes;
  },
  "http: an upgrade goes on as it likes": async () => {
    const server = http.createServer();
    server.on("upgrade", (_request, socket, head) => {
      socket.write(
        "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n",
      );
      socket.write(head);
      socket.pipe(socket);
    });
    const port = await listening(server);
    const request = http.request({
      port,
      host: "127.0.0.1",
      headers: { connection: "upgrade", upgrade: "echo" },
    });
    request.end();
    const [response, socket] = await once(request, "upgrade");
    socket.end("raw");
    const text = await textOf(socket.setEncoding("utf8"));
    server.close();
    return [response.statusCode, text];
  },
  "http: timeouts and aborts": async () => {
    const server = http.createServer(() => undefined);
    const port = await listening(server);
    const where = { port, host: "127.0.0.1", agent: false };
    const outcomes = [
      await ask({ ...where, timeout: 10 }, (request) =>
        request.on("timeout", () => request.destroy()).end(),
      ),
      await ask({ ...where, signal: AbortSignal.timeout(10) }),
      await ask(where, (request) => {
        request.end();
        setTimeout(() => request.destroy(new RangeError("mine")), 5);
      }),
    ];
    server.closeAllConnections();
    server.close();
    await once(server, "close");
    return outcomes;
  },
};

module.exports = async () => {
  assert(Object.keys(shown).length > 0);
  const outcomes = [];
  for (const [name, run] of Object.entries(shown)) {
    const outcome = await run().catch((error) => String(error.stack));
    outcomes.push([name, JSON.parse(JSON.stringify(outcome))]);
  }
  return outcomes;
};
