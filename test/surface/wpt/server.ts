/** What the tests fetch: files of the checkout, and what the server of web-platform-tests does beside, as far as slices ask. */
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import {
  createServer,
  IncomingMessage,
  ServerResponse,
  type Server,
} from "node:http";
import { Socket } from "node:net";
import { join } from "node:path";
import { handlers, type Stash } from "./handlers.ts";
import type { TestPlace } from "./test-file.ts";

export type TestServer = AsyncDisposable & TestPlace;

export async function serveTests(folder: string): Promise<TestServer> {
  const stash: Stash = new Map();
  const unknown = new WeakMap<Socket, UnknownRequest>();
  const serve = async () => {
    const server = createServer((request, response) => {
      // What a handler throws ends the connection, not the run.
      answer(folder, stash, request, response).catch(() => response.destroy());
    });
    server.on("clientError", (error, socket) => {
      const packet: unknown = Reflect.get(error, "rawPacket");
      if (!(socket instanceof Socket) || !(packet instanceof Buffer)) {
        socket.destroy();
        return;
      }
      const known = unknown.get(socket);
      if (known) {
        known.take(packet);
        return;
      }
      const asked = requestIn(packet, socket);
      if (!asked) {
        socket.destroy();
        return;
      }
      unknown.set(socket, asked);
      const { request } = asked;
      const response = new ServerResponse(request);
      response.shouldKeepAlive = false;
      response.assignSocket(socket);
      response.on("finish", () => socket.end());
      answer(folder, stash, request, response).catch(() => socket.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return server;
  };
  const servers = [await serve(), await serve()];
  const [port = 0, otherPort = 0] = servers.map(portOf);
  return {
    origin: `http://localhost:${port}`,
    otherPort,
    async [Symbol.asyncDispose]() {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      }
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}

/** A request whose method Node's parser does not know, as tests send some. */
interface UnknownRequest {
  request: IncomingMessage;
  /** More of its body. */
  take: (packet: Buffer) => void;
}

function requestIn(packet: Buffer, socket: Socket): UnknownRequest | undefined {
  const end = packet.indexOf("\r\n\r\n");
  const [line = "", ...lines] = packet
    .subarray(0, end)
    .toString("latin1")
    .split("\r\n");
  const [, method, url] = /^([!-~]+) (\S+) HTTP\/1\.1$/.exec(line) ?? [];
  if (end < 0 || method === undefined || url === undefined) return undefined;
  const request = new IncomingMessage(socket);
  request.method = method;
  request.url = url;
  for (const header of lines) {
    const [, name = "", value = ""] = /^([^:]+): *(.*)$/.exec(header) ?? [];
    request.headers[name.toLowerCase()] = value;
  }
  let left = Number(request.headers["content-length"] ?? 0);
  const take = (bytes: Buffer) => {
    left -= bytes.length;
    request.push(bytes);
    if (left > 0) return;
    request.complete = true;
    request.push(null);
  };
  take(packet.subarray(end + 4));
  return { request, take };
}

async function answer(
  folder: string,
  stash: Stash,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(
    request.url ?? "/",
    "http://localhost",
  );
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer); // no encoding was set
  const handler = handlers[pathname];
  if (handler) {
    const body = Buffer.concat(pieces);
    const give = (bytes: Uint8Array) => sendBytes(response, bytes);
    const asked = { request, query: searchParams, body, stash, give };
    await handler(asked, response);
    return;
  }
  const path = join(folder, pathname);
  if (!existsSync(path) || !statSync(path).isFile()) {
    response.writeHead(404).end();
    return;
  }
  for (const [name, value] of [
    ...headersBeside(path),
    ...headersOfPipe(searchParams),
  ])
    response.appendHeader(name, value);
  const type = types[/\.\w+$/.exec(pathname)?.[0] ?? ""];
  if (type !== undefined) response.setHeader("Content-Type", type);
  response.end(readFileSync(path));
}

type Header = [name: string, value: string];

/** The server of web-platform-tests takes them from a file of that name. */
function headersBeside(path: string): Header[] {
  const file = `${path}.headers`;
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").matchAll(/^([^:\n]+): *(.*)$/gm);
  return [...lines].map(([, name = "", value = ""]) => [name, value]);
}

/** Of what its pipes can do, what these tests ask: headers by name and value. */
function headersOfPipe(query: URLSearchParams): Header[] {
  const pipe = query.get("pipe") ?? "";
  const asked = pipe.matchAll(/header\(([^,()]+),([^,()]*)(?:,True)?\)/g);
  return [...asked].map(([, name = "", value = ""]) => [name, value]);
}

const types: Record<string, string> = {
  ".txt": "text/plain",
  ".json": "application/json",
  ".html": "text/html",
  ".js": "text/javascript",
};

/** Resolves when more may be sent; false where nobody takes it any more. */
async function sendBytes(
  response: ServerResponse,
  bytes: Uint8Array,
): Promise<boolean> {
  if (response.destroyed) return false;
  if (!response.write(bytes))
    await Promise.race([once(response, "drain"), once(response, "close")]);
  return !response.destroyed;
}
