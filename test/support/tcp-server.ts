/** A server of plain TCP or TLS on this machine, closed with all its connections when the test ends. */
import { once } from "node:events";
import {
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { onTestFinished } from "vitest";
import { originCertificate, originKey } from "./certificate.ts";

export interface TcpServer {
  port: number;
  /** Connections so far. */
  readonly sockets: Socket[];
}

/** Serves each connection by `serve`. */
export function startTcpServer(
  serve: (socket: Socket) => void,
): Promise<TcpServer> {
  return listen(createServer({ allowHalfOpen: true }), "connection", serve);
}

/** As `startTcpServer`, of connections that begin with TLS. */
export function startTlsServer(
  serve: (socket: Socket) => void,
  options: TlsOptions = {},
): Promise<TcpServer> {
  const server = createTlsServer({
    key: originKey,
    cert: originCertificate,
    ...options,
  });
  server.on("tlsClientError", () => undefined);
  return listen(server, "secureConnection", serve);
}

async function listen(
  server: Server,
  event: string,
  serve: (socket: Socket) => void,
): Promise<TcpServer> {
  const sockets: Socket[] = [];
  /** Not those beneath TLS, whose end Node would not survive. */
  const open = new Set<Socket>();
  server.on(event, (socket: Socket) => {
    sockets.push(socket);
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => undefined);
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on TCP
  const { port } = server.address() as AddressInfo;
  return { port, sockets };
}
