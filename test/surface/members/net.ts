import net from "node:net";
import {
  event,
  member,
  textOf,
  thrown,
  told,
  type Origins,
  type Surface,
} from "../check.ts";
import { addressChecks } from "../net/addresses.ts";
import { socketChecks } from "../net/sockets.ts";

const addresses = [
  "127.0.0.1",
  "::1",
  "fe80::1%eth0",
  "1.2.3",
  "::ffff:1.2.3.4",
  "",
  "a.test",
  "256.1.1.1",
  "01.1.1.1",
];
const at = ({ host, tcpPort }: Origins) => ({ host, port: tcpPort });

export const surface: Surface = {
  module: "net",
  checks: {
    ...addressChecks(),
    ...socketChecks(),
    ...serverChecks(),
    isIP: () => addresses.map((each) => net.isIP(each)),
    isIPv4: () => addresses.map((each) => net.isIPv4(each)),
    isIPv6: () => addresses.map((each) => net.isIPv6(each)),
    connect: async (origins) => {
      const socket = net.connect(origins.tcpPort, origins.host);
      await event(socket, "connect");
      socket.end("there and back");
      return [await textOf(socket), socket.bytesRead, socket.bytesWritten];
    },
    createConnection: async (origins) => {
      const socket = net.createConnection(at(origins), () => socket.end("x"));
      return [
        await textOf(socket),
        thrown(() => net.createConnection({ port: 99_999 })),
        thrown(() => member(net, "createConnection")({})),
      ];
    },
    _normalizeArgs: () => [
      [...member(net, "_normalizeArgs")([80, "a.test"])].slice(0, 2),
      member(net, "_normalizeArgs")([{ path: "/x" }])[0],
    ],
    _createServerHandle: () => {
      const handle: unknown = member(net, "_createServerHandle")(
        "127.0.0.1",
        0,
        4,
      );
      member(Object(handle), "close")();
      return [
        typeof handle,
        member(net, "_createServerHandle")("192.0.2.1", 0, 4) === handle,
      ];
    },
    _TransferredBoundSocket: () =>
      Reflect.construct(
        Reflect.get(net, "_TransferredBoundSocket"),
        [],
      ) instanceof Reflect.get(net, "BoundSocket"),
    BoundSocket: () => {
      const bound: unknown = Reflect.construct(
        Reflect.get(net, "BoundSocket"),
        [{ host: "127.0.0.1", port: 0 }],
      );
      const { address, family, port } = Object(
        member(Object(bound), "address")(),
      );
      member(Object(bound), "close")();
      return [address, family, port > 0];
    },
    Stream: () => Reflect.get(net, "Stream") === net.Socket,
    getDefaultAutoSelectFamily: () => net.getDefaultAutoSelectFamily(),
    setDefaultAutoSelectFamily: () => {
      const before = net.getDefaultAutoSelectFamily();
      net.setDefaultAutoSelectFamily(!before);
      const changed = net.getDefaultAutoSelectFamily();
      net.setDefaultAutoSelectFamily(before);
      return changed !== before;
    },
    getDefaultAutoSelectFamilyAttemptTimeout: () =>
      net.getDefaultAutoSelectFamilyAttemptTimeout(),
    setDefaultAutoSelectFamilyAttemptTimeout: () => {
      const before = net.getDefaultAutoSelectFamilyAttemptTimeout();
      net.setDefaultAutoSelectFamilyAttemptTimeout(777);
      const changed = net.getDefaultAutoSelectFamilyAttemptTimeout();
      net.setDefaultAutoSelectFamilyAttemptTimeout(before);
      return [
        changed,
        thrown(() => net.setDefaultAutoSelectFamilyAttemptTimeout(0)),
      ];
    },
  },
};

/** Whoever listens is reached by whom is inside with it. */
function serverChecks(): Surface["checks"] {
  return {
    createServer: () => {
      const server = net.createServer({ allowHalfOpen: true }, () => undefined);
      return [
        server instanceof net.Server,
        server.listenerCount("connection"),
        Reflect.get(server, "allowHalfOpen"),
        thrown(() => member(net, "createServer")("text")),
      ];
    },
    Server: () => {
      const server = new net.Server();
      return [server.listening, server.maxConnections, server.address()];
    },
    "Server#listen": async () => {
      const server = net.createServer((socket) => socket.pipe(socket));
      const listening = event(server, "listening");
      server.listen(0, "127.0.0.1");
      await listening;
      const { address, family, port } = Object(server.address());
      const client = net.connect(port, "127.0.0.1");
      client.end("inside");
      const text = await textOf(client);
      const second = net.createServer();
      second.listen(port, "127.0.0.1");
      const [error] = await event(second, "error");
      server.close();
      return [address, family, text, Reflect.get(Object(error), "code")];
    },
    "Server#listening": () => net.createServer().listening,
    "Server#address": () => net.createServer().address(),
    "Server#getConnections": () =>
      new Promise((resolve) => {
        net
          .createServer()
          .getConnections((error, count) => resolve([error, count]));
      }),
    "Server#close": async () =>
      told(
        await new Promise((resolve) => {
          net.createServer().close(resolve);
        }),
      ),
    "Server#ref": () => {
      const server = net.createServer();
      return server.ref() === server;
    },
    "Server#unref": () => {
      const server = net.createServer();
      return server.unref() === server;
    },
  };
}
