/** What the tests fetch: files of the checkout, and what the server of web-platform-tests does beside, as far as slices ask. */
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { join } from "node:path";
import { handlers, type Stash } from "./handlers.ts";

export interface TestServer extends AsyncDisposable {
  origin: string;
}

export async function serveTests(folder: string): Promise<TestServer> {
  const stash: Stash = new Map();
  const server = createServer((request, response) => {
    // What a handler throws ends the connection, not the run.
    answer(folder, stash, request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port =
    address !== null && typeof address === "object" ? address.port : 0;
  return {
    origin: `http://localhost:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
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
  const type = types[/\.\w+$/.exec(pathname)?.[0] ?? ""];
  if (type !== undefined) response.setHeader("Content-Type", type);
  response.end(readFileSync(path));
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
