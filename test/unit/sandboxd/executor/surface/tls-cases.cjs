/** TLS sockets where no TLS comes of it: what clients look at as they load, and streams in the clothes of sockets. */
const assert = require("node:assert");
const { once } = require("node:events");
const net = require("node:net");
const { Duplex, PassThrough } = require("node:stream");
const tls = require("node:tls");

// oxlint-disable no-underscore-dangle -- Node's names
/** As a client of HTTP/2 finds it, as it loads. */
const wrapperClass = () =>
  new tls.TLSSocket(new PassThrough())._handle._parentWrap.constructor;

function pair() {
  const sides = [0, 1].map(
    (own) =>
      new Duplex({
        read() {},
        write(chunk, _encoding, done) {
          sides[1 - own].push(chunk);
          done();
        },
        final(done) {
          sides[1 - own].push(null);
          done();
        },
      }),
  );
  return sides;
}

async function textOf(stream) {
  let text = "";
  for await (const part of stream.setEncoding("latin1")) text += part;
  return text;
}

const shown = {
  "a TLS socket over a stream is made": async () => {
    const socket = new tls.TLSSocket(new PassThrough());
    const { encrypted, authorized, secureConnecting, connecting } = socket;
    socket.destroy();
    await once(socket, "close");
    return [encrypted, authorized, secureConnecting, connecting];
  },
  "a TLS socket over a connection that is to come is made": async () => {
    const socket = new tls.TLSSocket(new net.Socket());
    return [socket.connecting, socket.destroyed];
  },
  "what a stream is wrapped in reads and writes as a socket": async () => {
    const JsStreamSocket = wrapperClass();
    const [near, far] = pair();
    const socket = new JsStreamSocket(near);
    far.write("greeting");
    const [first] = await once(socket, "data");
    const told = [];
    socket.write("text ", () => told.push("written"));
    socket.write("h\u00e4", "latin1");
    socket.write("zz", "ucs2");
    socket.cork();
    socket.write("\u20ac ");
    socket.write(Buffer.from("bytes"));
    socket.uncork();
    socket.end();
    far.end("farewell");
    const text = await textOf(far);
    const rest = await textOf(socket);
    const { name } = JsStreamSocket;
    return [
      name,
      socket instanceof net.Socket,
      String(first),
      text,
      rest,
      told,
      socket.bytesWritten,
      socket.bytesRead,
    ];
  },
  "a stream that breaks breaks what it is wrapped in": async () => {
    const JsStreamSocket = wrapperClass();
    const [near] = pair();
    const socket = new JsStreamSocket(near);
    const told = [];
    socket.on("error", (error) => told.push(error.message));
    near.destroy(new Error("broken"));
    await new Promise((resolve) => socket.on("close", resolve));
    return [told, socket.destroyed];
  },
  "an end that nobody waits for ends the stream beneath": async () => {
    const JsStreamSocket = wrapperClass();
    const [near] = pair();
    const socket = new JsStreamSocket(near);
    socket.destroy();
    await once(near, "close");
    return [near.destroyed, socket.destroyed];
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
