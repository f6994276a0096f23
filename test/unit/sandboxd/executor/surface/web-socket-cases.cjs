/** WebSockets and a server of them, written frame by frame. */
const assert = require("node:assert");
const { createHash } = require("node:crypto");
const { once } = require("node:events");
const http = require("node:http");
const zlib = require("node:zlib");

const key = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const continued = 0,
  text = 1,
  close = 8,
  ping = 9,
  pong = 10;

function frame(opcode, payload = "", { isLast = true, isPacked = false } = {}) {
  const bytes = Buffer.from(payload);
  const head = Buffer.alloc(
    bytes.length < 126 ? 2 : bytes.length < 65_536 ? 4 : 10,
  );
  head[0] = (isLast ? 128 : 0) | (isPacked ? 64 : 0) | opcode;
  head[1] = head.length === 2 ? bytes.length : head.length === 4 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(bytes.length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(bytes.length), 2);
  return Buffer.concat([head, bytes]);
}

/** Tells each frame of a client, unmasked. */
function readFrames(socket, told) {
  let left = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    left = Buffer.concat([left, chunk]);
    for (;;) {
      if (left.length < 2) return;
      let length = left[1] & 127;
      let at = 2;
      if (length === 126) [length, at] = [left.readUInt16BE(2), 4];
      else if (length === 127)
        [length, at] = [Number(left.readBigUInt64BE(2)), 10];
      if (left.length < at + 4 + length) return;
      const mask = left.subarray(at, at + 4);
      const bytes = Buffer.from(left.subarray(at + 4, at + 4 + length));
      for (let place = 0; place < length; place++)
        bytes[place] ^= mask[place & 3];
      const opcode = left[0] & 15;
      left = left.subarray(at + 4 + length);
      told(opcode, bytes);
    }
  });
}

/** A server that does with each connection what it is told. */
async function serve(accepted, extra = [], { isLying = false } = {}) {
  const server = http.createServer((_request, response) =>
    response.writeHead(403).end("no"),
  );
  const sockets = new Set();
  server.on("upgrade", (request, socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    const asked = request.headers["sec-websocket-key"] + (isLying ? "x" : "");
    const accept = createHash("sha1")
      .update(asked + key)
      .digest("base64");
    socket.write(
      [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        `Sec-WebSocket-Accept: ${accept}`,
        ...extra,
        "",
        "",
      ].join("\r\n"),
    );
    accepted(socket, request);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  return {
    url: `ws://127.0.0.1:${port}/path?a=b`,
    port,
    end: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Echoes, and says goodbye as it is said goodbye to. */
const echo = (socket) =>
  readFrames(socket, (opcode, bytes) => {
    if (opcode === close) socket.end(frame(close, bytes));
    else if (opcode !== pong) socket.write(frame(opcode, bytes));
  });

const endOf = (socket) =>
  new Promise((resolve) => {
    const told = [];
    for (const name of ["open", "error", "message"])
      socket.addEventListener(name, (event) =>
        told.push([
          name,
          event.constructor.name,
          event.type === "message" ? event.data : null,
          event.error?.name ?? null,
          event.message ?? null,
        ]),
      );
    socket.addEventListener("close", (event) => {
      const { code, reason, wasClean } = event;
      resolve([
        ...told,
        [
          "close",
          event.constructor.name,
          code,
          reason,
          wasClean,
          socket.readyState,
        ],
      ]);
    });
  });

/** Each is sent by a server, which then waits for the end. */
const received = async (frames, extra) => {
  const server = await serve((socket) => {
    for (const one of frames) socket.write(one);
    readFrames(
      socket,
      (opcode, bytes) => opcode === close && socket.end(frame(close, bytes)),
    );
  }, extra);
  const outcome = await endOf(new WebSocket(server.url));
  server.end();
  return outcome;
};
const goodbye = frame(close, Buffer.from([3, 232, 98, 121, 101]));

const failure = (run) => {
  try {
    run();
    return "nothing";
  } catch (error) {
    return [error.name, error.code ?? null, error.message];
  }
};

const shown = {
  "texts and bytes come back, in each form": async () => {
    const server = await serve(echo);
    const socket = new WebSocket(server.url);
    const before = [
      socket.readyState,
      socket.binaryType,
      socket.url.replace(/\d{4,5}/, "PORT"),
      socket.bufferedAmount,
    ];
    await once(socket, "open");
    const outcomes = [];
    const next = async (data) => {
      socket.send(data);
      const [event] = await once(socket, "message");
      const got = event.data;
      const form = Object.prototype.toString.call(got);
      const value =
        typeof got === "string"
          ? got
          : [
              ...new Uint8Array(
                got instanceof Blob ? await got.arrayBuffer() : got,
              ),
            ].join();
      outcomes.push([
        form,
        value.length > 100 ? value.length : value,
        event.origin.replace(/\d{4,5}/, "PORT"),
      ]);
    };
    await next("h\u00e4ll\u00f6 \u{1f600}");
    await next("x".repeat(200));
    await next("y".repeat(70_000));
    await next(Uint8Array.of(1, 2, 3));
    await next(new Blob(["blob"]));
    socket.binaryType = "arraybuffer";
    await next(Uint8Array.of(4, 5, 6).buffer);
    await next(new DataView(Uint8Array.of(7, 8, 9, 10).buffer, 1, 2));
    await next("");
    socket.close(4001, "enough");
    const during = socket.readyState;
    const [event] = await once(socket, "close");
    server.end();
    return [
      before,
      outcomes,
      during,
      event.code,
      event.reason,
      event.wasClean,
      socket.readyState,
    ];
  },
  "the handshake says what Node's says": async () => {
    let seen;
    const server = await serve(
      (socket, request) => {
        seen = request;
        socket.write(frame(text, "early"));
        echo(socket);
      },
      ["Sec-WebSocket-Protocol: second"],
    );
    const socket = new WebSocket(server.url, ["first", "second"]);
    const [event] = await once(socket, "message");
    const { protocol, extensions } = socket;
    socket.close();
    await once(socket, "close");
    server.end();
    const { rawHeaders, url, method } = seen;
    const hidden = rawHeaders.map((word) =>
      /^[\w+/]{22}==$/.test(word) ? "KEY" : word.replace(/:\d+$/, ":PORT"),
    );
    return [event.data, protocol, extensions, url, method, hidden];
  },
  "headers of the program's own are sent": async () => {
    let seen;
    const server = await serve((socket, request) => {
      seen = request.headers;
      echo(socket);
    });
    const socket = new WebSocket(server.url, {
      headers: { authorization: "Bearer x", "user-agent": "mine" },
    });
    await once(socket, "open");
    socket.close();
    await once(socket, "close");
    server.end();
    return [
      seen.authorization,
      seen["user-agent"],
      seen["sec-websocket-version"],
    ];
  },
  "pings are answered, pieces are joined": async () => {
    const pongs = [];
    const server = await serve((socket) => {
      readFrames(socket, (opcode, bytes) => {
        if (opcode === pong) pongs.push(String(bytes));
        if (opcode === close) socket.end(frame(close, bytes));
      });
      socket.write(frame(ping, "there?"));
      socket.write(frame(text, "one ", { isLast: false }));
      socket.write(frame(ping));
      socket.write(frame(continued, "two ", { isLast: false }));
      socket.write(frame(continued, "three"));
      socket.write(goodbye);
    });
    const outcome = await endOf(new WebSocket(server.url));
    server.end();
    return [outcome, pongs];
  },
  "what was packed is unpacked": async () => {
    const words = "again and ".repeat(1000);
    const packed = zlib
      .deflateRawSync(words, { finishFlush: zlib.constants.Z_SYNC_FLUSH })
      .subarray(0, -4);
    const outcome = await received(
      [frame(text, packed, { isPacked: true }), goodbye],
      [
        "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover",
      ],
    );
    return JSON.parse(JSON.stringify(outcome).replaceAll(words, "WORDS"));
  },
  "what is no protocol ends it": async () => [
    await received([frame(3, "what")]),
    await received([frame(continued, "of nothing")]),
    await received([frame(text, Buffer.from([0xff, 0xfe]))]),
    await received([Buffer.from([0x81, 0x81, 0, 0, 0, 0, 65])]),
    await received([frame(text, "packed", { isPacked: true })]),
    await received([frame(ping, "x".repeat(126))]),
    await received([frame(close, Buffer.from([1]))]),
    await received([frame(close)]),
    await received([goodbye]),
    await received([Buffer.from([0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0])]),
  ],
  "handshakes that fail": async () => {
    const refusing = await serve(() => undefined);
    const lying = await serve(echo, [], { isLying: true });
    const choosing = await serve(echo, ["Sec-WebSocket-Protocol: other"]);
    const plain = http
      .createServer((_request, response) =>
        response.writeHead(302, { location: "/else" }).end(),
      )
      .listen(0, "127.0.0.1");
    await once(plain, "listening");
    const outcomes = [
      await endOf(new WebSocket(lying.url)),
      await endOf(new WebSocket(choosing.url, "wanted")),
      await endOf(new WebSocket(choosing.url)),
      await endOf(new WebSocket(refusing.url, "wanted")),
      await endOf(new WebSocket(`ws://127.0.0.1:${plain.address().port}/`)),
      await endOf(new WebSocket("ws://127.0.0.1:25/")),
    ];
    for (const server of [refusing, lying, choosing]) server.end();
    plain.close();
    return outcomes;
  },
  "a connection that breaks off, and one that is given up": async () => {
    const breaking = await serve((socket) =>
      socket.on("data", () => undefined).end(),
    );
    const silent = http
      .createServer(() => undefined)
      .on("upgrade", () => undefined)
      .listen(0, "127.0.0.1");
    await once(silent, "listening");
    const outcomes = [await endOf(new WebSocket(breaking.url))];
    const early = new WebSocket(`ws://127.0.0.1:${silent.address().port}/`);
    const ended = endOf(early);
    early.close();
    outcomes.push(early.readyState, await ended);
    breaking.end();
    silent.closeAllConnections();
    silent.close();
    return outcomes;
  },
  "what is wrong is thrown": async () => {
    const server = await serve(echo);
    const socket = new WebSocket(server.url);
    const outcomes = [
      failure(() => new WebSocket()),
      failure(() => new WebSocket("nonsense")),
      failure(() => new WebSocket("ftp://a.test/")),
      failure(() => new WebSocket("ws://a.test/", ["a", "a"])),
      failure(() => new WebSocket("ws://a.test/", "a b")),
      failure(() => WebSocket("ws://a.test/")),
      failure(() => socket.send("early")),
      failure(() => socket.close(1)),
      failure(() => socket.close(1000, "x".repeat(200))),
      failure(() => structuredClone(socket)),
      failure(() => WebSocket.prototype.send.call({}, "x")),
    ];
    await once(socket, "open");
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- what is tried
    socket.onclose = () => undefined;
    const handler = typeof socket.onclose;
    socket.close();
    socket.send("late");
    await once(socket, "close");
    server.end();
    return [
      outcomes,
      handler,
      Object.keys(WebSocket),
      Object.keys(WebSocket.prototype).toSorted(),
      Object.prototype.toString.call(socket),
      WebSocket.length,
      WebSocket === http.WebSocket,
    ];
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
