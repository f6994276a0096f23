/** Checks of client sockets, against an origin that sends back what it gets. */
import net from "node:net";
import {
  event,
  member,
  nextTurn,
  textOf,
  told,
  type Check,
  type Origins,
} from "../check.ts";

/** Uses a socket that is connected, and closes it. */
function connected(
  use: (socket: net.Socket, origins: Origins) => unknown,
): Check {
  return async (origins) => {
    const { host, tcpPort: port } = origins;
    const socket = net.connect({ host, port });
    await new Promise((resolve, reject) => {
      socket.once("connect", resolve).once("error", reject);
    });
    try {
      return await use(socket, origins);
    } finally {
      socket.destroy();
    }
  };
}

export function socketChecks(): Record<string, Check> {
  return { ...state(), ...acts() };
}

function state(): Record<string, Check> {
  return {
    Socket: async ({ host, httpPort, closedPort }) => {
      const refused = new net.Socket().connect(closedPort, host);
      const [error] = (await event(refused, "error")).map(told);
      const socket = new net.Socket();
      socket.connect(httpPort, host);
      socket.end("GET /s HTTP/1.0\r\n\r\n");
      return [
        Reflect.get(Object(error), "code"),
        (await textOf(socket)).split("\r\n")[0],
      ];
    },
    "Socket#pending": connected((socket) => [
      new net.Socket().pending,
      socket.pending,
    ]),
    "Socket#readyState": connected((socket) => {
      const before = [new net.Socket().readyState, socket.readyState];
      socket.end();
      return [...before, socket.readyState, socket.destroy().readyState];
    }),
    "Socket#bufferSize": connected((socket) => [
      Reflect.get(new net.Socket(), "bufferSize"),
      Reflect.get(socket, "bufferSize"),
    ]),
    "Socket#bytesRead": connected(async (socket) => {
      const before = socket.bytesRead;
      socket.end("12345");
      await textOf(socket);
      return [before, socket.bytesRead];
    }),
    "Socket#bytesWritten": connected(async (socket) => {
      const before = socket.bytesWritten;
      socket.end("é");
      await textOf(socket);
      return [before, socket.bytesWritten];
    }),
    "Socket#address": connected((socket) => {
      const address = Object(socket.address());
      return [new net.Socket().address(), address.family, address.port > 0];
    }),
    "Socket#remoteAddress": connected((socket) => [
      new net.Socket().remoteAddress,
      socket.remoteAddress,
    ]),
    "Socket#remoteFamily": connected((socket) => socket.remoteFamily),
    "Socket#remotePort": connected(
      (socket, { tcpPort }) => socket.remotePort === tcpPort,
    ),
    "Socket#localAddress": connected((socket) =>
      net.isIP(socket.localAddress ?? ""),
    ),
    "Socket#localPort": connected((socket) => Number(socket.localPort) > 0),
    "Socket#localFamily": connected((socket) => socket.localFamily),
  };
}

function acts(): Record<string, Check> {
  return {
    "Socket#connect": async ({ host, tcpPort }) => {
      const socket = new net.Socket();
      const done = new Promise((resolve) => {
        socket.connect({ port: tcpPort, host }, () =>
          resolve(socket.connecting),
        );
      });
      const before = socket.connecting;
      const after = await done;
      socket.destroy();
      return [before, after];
    },
    "Socket#setTimeout": connected(async (socket) => {
      const silent = event(socket, "timeout");
      socket.setTimeout(10);
      await silent;
      return socket.timeout;
    }),
    "Socket#setNoDelay": connected((socket) => socket.setNoDelay() === socket),
    "Socket#setKeepAlive": connected(
      (socket) => socket.setKeepAlive(true, 1000) === socket,
    ),
    "Socket#setTypeOfService": connected(
      (socket) => member(socket, "setTypeOfService")(0) === socket,
    ),
    "Socket#getTypeOfService": connected((socket) =>
      member(socket, "getTypeOfService")(),
    ),
    "Socket#end": connected(async (socket) => {
      const ended = event(socket, "end");
      socket.end("last");
      socket.resume();
      await ended;
      return [socket.writableEnded, socket.bytesRead];
    }),
    "Socket#resetAndDestroy": connected(async (socket) => {
      const closed = event(socket, "close");
      socket.resetAndDestroy();
      await closed;
      return [socket.destroyed, socket.closed];
    }),
    "Socket#pause": connected(async (socket) => {
      const seen: string[] = [];
      socket.on("data", (chunk) => seen.push(String(chunk)));
      socket.pause();
      socket.write("kept back");
      for (let turn = 0; turn < 10; turn += 1) await nextTurn();
      return [seen, socket.isPaused()];
    }),
    "Socket#resume": connected(async (socket) => {
      socket.pause();
      socket.write("kept back");
      const seen = event(socket, "data");
      socket.resume();
      return String((await seen)[0]);
    }),
    "Socket#read": connected(async (socket) => {
      const readable = event(socket, "readable");
      socket.write("abc");
      await readable;
      return String(socket.read(3));
    }),
    "Socket#destroySoon": connected(async (socket) => {
      const closed = event(socket, "close");
      socket.write("sent before");
      socket.destroySoon();
      socket.resume();
      await closed;
      return [socket.destroyed, socket.bytesWritten];
    }),
    "Socket#ref": connected((socket) => socket.ref() === socket),
    "Socket#unref": connected((socket) => {
      const same = socket.unref() === socket;
      socket.ref();
      return same;
    }),
  };
}
