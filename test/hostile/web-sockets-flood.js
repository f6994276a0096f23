// expect: cpu_time sync_time wall_time memory
// WebSockets without end, all kept, to a server that answers none of their goodbyes.
const { createHash } = require("crypto");
const http = require("http");

module.exports = async () => {
  const server = http.createServer().on("upgrade", (request, socket) => {
    const key = request.headers["sec-websocket-key"];
    const accept = createHash("sha1")
      .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.on("error", () => undefined);
    socket.write(
      `HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
  });
  await new Promise((resolve) => server.listen(0, resolve));
  const url = `ws://127.0.0.1:${server.address().port}/`;
  const open = (globalThis.open = []);
  for (;;) {
    open.push(new WebSocket(url));
    await null;
    if (open.length % 50 === 0) await new Promise(setImmediate);
  }
};
