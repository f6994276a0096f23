/** The servers that checks of the network talk to: on loopback, each answering with what it was asked. */
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { originCertificate, originKey } from "../support/certificate.ts";
import type { Origins } from "./check.ts";

const host = "127.0.0.1";

/** Starts them all. */
export async function startOrigins(): Promise<{
  origins: Origins;
  close: () => void;
}> {
  const credentials = { cert: originCertificate, key: originKey };
  const closed = createTcpServer();
  const servers: Server[] = [
    createServer(answer),
    createHttpsServer(credentials, answer),
    createTcpServer(echo),
    createTlsServer({ ...credentials, ALPNProtocols: ["annex"] }, echo),
    closed,
  ];
  const open = new Set<Socket>();
  const ports: number[] = [];
  for (const server of servers) {
    server.on("connection", (socket: Socket) => {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
    });
    server.on("tlsClientError", () => undefined);
    server.listen(0, host);
    await once(server, "listening");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on TCP
    ports.push((server.address() as AddressInfo).port);
  }
  const [
    httpPort = 0,
    httpsPort = 0,
    tcpPort = 0,
    tlsPort = 0,
    closedPort = 0,
  ] = ports;
  closed.close();
  return {
    origins: {
      host,
      httpPort,
      httpsPort,
      tcpPort,
      tlsPort,
      closedPort,
      certificate: originCertificate,
      key: originKey,
    },
    close() {
      for (const server of servers) if (server.listening) server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = request.url ?? "";
  if (url.startsWith("/silent")) return;
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    if (url === "/redirect") {
      response.writeHead(302, { location: "/redirected" }).end();
      return;
    }
    const status = /^\/status\/(\d+)/.exec(url)?.[1] ?? "200";
    response.writeHead(Number(status), {
      "content-type": "application/json",
      "set-cookie": ["a=1", "b=2"],
      "x-origin": "annex",
    });
    response.end(
      JSON.stringify({
        method: request.method,
        url,
        sent: request.headers["x-sent"],
        body: Buffer.concat(chunks).toString(),
      }),
    );
  });
}

function echo(socket: Socket): void {
  socket.on("error", () => undefined);
  socket.pipe(socket);
}
