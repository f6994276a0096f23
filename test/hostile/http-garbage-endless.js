// expect: cpu_time sync_time wall_time
// Answers that are none, for ever, and one whose chunks never end.
const http = require("http");
const { Duplex } = require("stream");

module.exports = function (_cb) {
  const connection = (first, more) => () => {
    const socket = new Duplex({ read() {}, write: (_c, _e, done) => done() });
    socket.push(first);
    const feed = () => {
      if (!socket.destroyed) socket.push(more);
      process.nextTick(feed);
    };
    feed();
    return socket;
  };
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const [first, more] of [
    ["garbage", "garbage"],
    [chunked, "1\r\na\r\n".repeat(1000)],
    ["HTTP/1.1 200 OK\r\n", "a: b\r\n".repeat(1000)],
  ])
    http
      .get({ createConnection: connection(first, more) })
      .on("response", (response) => response.resume())
      .on("error", () => undefined);
};
