import dgram from "node:dgram";
import {
  event,
  instance,
  thrown,
  unavailable,
  member,
  type Surface,
} from "../check.ts";

/** Datagrams have no way out: the broker carries streams. */
async function bound(socket: dgram.Socket): Promise<unknown> {
  const failed = event(socket, "error");
  const listening = event(socket, "listening");
  socket.bind(0, "127.0.0.1");
  const [error] = await Promise.race([failed, listening]);
  socket.close();
  if (error instanceof Error) throw error;
  return thrown(() => member(dgram, "createSocket")("nonsense"));
}

export const surface: Surface = {
  module: "dgram",
  checks: {
    createSocket: unavailable(() => bound(dgram.createSocket("udp4"))),
    Socket: unavailable(() => bound(instance(dgram, "Socket", "udp4"))),
  },
};
