/** The floor: bytes back over a unix socket, nothing read into them. */
import { createServer } from "node:net";

const [, , socketPath] = process.argv;
createServer((socket) => {
  socket.on("error", () => socket.destroy());
  socket.pipe(socket);
}).listen(socketPath, () => process.send?.("ready"));
