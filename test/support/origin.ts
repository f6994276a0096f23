/** An HTTP server on loopback that counts who comes: for requests outward that must, or must not, arrive. */
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { originCertificate, originKey } from "./certificate.ts";

export interface Origin {
  port: number;
  /** http://127.0.0.1:port, or with TLS https://origin.test:port */
  url: string;
  /** Connections so far. */
  readonly connections: number;
  /** Requests so far, with their bodies once they have come whole. */
  readonly requests: SeenRequest[];
}

export interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  rawHeaders: string[];
  /** Names its connection. */
  remotePort: number;
  body: Buffer;
}

export interface OriginOptions {
  /** 127.0.0.1 unless told otherwise. */
  host?: string;
  port?: number;
  isTls?: boolean;
}

/** Starts one that answers so, closed when the test ends; "hello" where nothing is said. */
export async function startOrigin(
  answer: RequestListener = (_request, response) => void response.end("hello"),
  { host = "127.0.0.1", port = 0, isTls = false }: OriginOptions = {},
): Promise<Origin> {
  const requests: SeenRequest[] = [];
  const listener: RequestListener = (request, response) => {
    collect(request).then(
      (seen) => {
        requests.push(seen);
        answer(request, response);
      },
      () => undefined, // whoever asked has given up
    );
  };
  const server = isTls
    ? createTlsServer({ cert: originCertificate, key: originKey }, listener)
    : createServer(listener);
  let connections = 0;
  server.on("connection", () => (connections += 1));
  server.listen(port, host);
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on TCP
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    url: isTls
      ? `https://origin.test:${address.port}`
      : `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    get connections() {
      return connections;
    },
    requests,
  };
}

async function collect(request: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return {
    method: request.method ?? "",
    url: request.url ?? "",
    headers: request.headers,
    rawHeaders: request.rawHeaders,
    remotePort: request.socket.remotePort ?? 0,
    body: Buffer.concat(chunks),
  };
}
