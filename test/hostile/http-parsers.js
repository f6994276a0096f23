// expect: answered
// A thousand connections of a server that nobody reads.
const http = require("http");
const { Duplex } = require("stream");

module.exports = function (cb) {
  const server = http.createServer(() => undefined);
  let refused = 0;
  server.on("clientError", () => refused++);
  for (let n = 0; n < 1000; n++) {
    const socket = new Duplex({ read() {}, write: (_c, _e, done) => done() });
    socket.on("error", () => refused++);
    try {
      server.emit("connection", socket);
      socket.emit("data", Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n"));
    } catch {
      refused++;
    }
  }
  cb(null, { refused });
};
