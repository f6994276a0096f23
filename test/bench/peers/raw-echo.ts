/** The floor: bytes back over a unix socket, nothing read into them. */
import { createServer } from "node:net";

const [, , socketPath] = process.argv;
createServer((socket) => {
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => socket.write(chunk));
}).listen(socketPath, () => process.send?.("ready"));
