// expect: {"listening":64,"open":256,"refused":"EMFILE"}
// Servers and connections within the isolate without end, nothing read, nothing closed.
const net = require("net");

module.exports = async () => {
  const counts = { listening: 0, open: 0 };
  const servers = [];
  for (let at = 0; at < 70; at++) {
    const server = net.createServer({ pauseOnConnect: true });
    servers.push(server);
    await new Promise((resolve) => {
      server.on("listening", () => resolve(counts.listening++));
      server.on("error", (error) => resolve((counts.refused = error.code)));
      server.listen(0);
    });
  }
  const { port } = servers[0].address();
  const outcomes = Array.from(
    { length: 270 },
    () =>
      new Promise((resolve) => {
        const socket = net.connect(port, "127.0.0.1");
        socket.on("connect", () => {
          counts.open++;
          socket.write("x".repeat(1024));
          resolve();
        });
        socket.on("error", resolve);
      }),
  );
  await Promise.all(outcomes);
  return {
    listening: counts.listening,
    open: counts.open,
    refused: counts.refused,
  };
};
