/** The web as an attacker finds it: a server that may be asked, which answers as badly as it can, and one that may not. */
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

export interface AttackersWeb {
  /** host:port of the server that the platform has opened to its customers. */
  allowed: string;
  /** Connections that reached the server nobody may reach. */
  forbiddenConnections(): number;
  /** Requests that reached /echo. */
  echoes(): number;
  /** What an attack finds in its payload. */
  payload: {
    echo: string;
    forbidden: string[];
    redirects: string[];
    bodies: string[];
  };
  /** What the servers were asked, as `METHOD path headers` in lower case. */
  heads(): string[];
  close(): Promise<void>;
}

const inflatedMb = 1024;
const trickleMs = 200;

/** Starts both servers on loopback. */
export async function startAttackersWeb(): Promise<AttackersWeb> {
  let forbiddenConnections = 0;
  let echoes = 0;
  const heads: string[] = [];
  const forbidden = createServer((_, response) => response.end("secret"));
  forbidden.on("connection", () => forbiddenConnections++);
  const forbiddenPort = await listen(forbidden);
  const bomb = gzipSync(Buffer.alloc(inflatedMb * 1024 * 1024));
  const targets = [
    `http://127.0.0.1:${forbiddenPort}/`,
    "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data/",
    `http://[::ffff:127.0.0.1]:${forbiddenPort}/`,
  ];
  const allowed = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://x");
    const raw = JSON.stringify(request.rawHeaders).toLowerCase();
    heads.push(`${request.method} ${pathname} ${raw}`);
    if (pathname === "/echo") {
      echoes++;
      echo(request, response);
    } else if (pathname.startsWith("/redirect/"))
      response
        .writeHead(302, { location: targets[Number(pathname.slice(10))] })
        .end();
    else if (pathname === "/bomb")
      response.writeHead(200, { "content-encoding": "gzip" }).end(bomb);
    else if (pathname === "/endless") endless(response);
    else trickle(response);
  });
  const port = await listen(allowed);
  const base = `http://127.0.0.1:${port}`;
  return {
    allowed: `127.0.0.1:${port}`,
    forbiddenConnections: () => forbiddenConnections,
    echoes: () => echoes,
    heads: () => heads,
    payload: {
      echo: `${base}/echo`,
      forbidden: forbiddenUrls(forbiddenPort),
      redirects: targets.map((_, index) => `${base}/redirect/${index}`),
      bodies: [`${base}/bomb`, `${base}/endless`, `${base}/trickle`],
    },
    async close() {
      for (const server of [forbidden, allowed]) {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      }
    },
  };
}

function forbiddenUrls(port: number): string[] {
  return [
    `http://127.0.0.1:${port}/`,
    `http://localhost:${port}/`,
    `http://localhost.:${port}/`,
    `http://127.1:${port}/`,
    `http://2130706433:${port}/`,
    `http://0x7f000001:${port}/`,
    `http://017700000001:${port}/`,
    `http://[::1]:${port}/`,
    `http://[::ffff:127.0.0.1]:${port}/`,
    `http://[::ffff:7f00:1]:${port}/`,
    `http://0.0.0.0:${port}/`,
    `http://user:pass@127.0.0.1:${port}/`,
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.0.1:8080/",
    "http://[fd00:ec2::254]/",
  ];
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on TCP has such an address
  return (server.address() as AddressInfo).port;
}

function echo(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  request.on("end", () =>
    response.end(JSON.stringify(request.headers).toLowerCase()),
  );
}

function endless(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024);
  const write = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", write);
  write();
}

function trickle(response: ServerResponse): void {
  const timer = setInterval(() => response.write("x"), trickleMs);
  response.on("close", () => clearInterval(timer));
}
