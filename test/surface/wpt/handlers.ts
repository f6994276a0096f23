/** The server's programs that fetch's tests ask, by their paths. Each answers as its tests expect; none is taken over. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** What tests leave at the server for each other. */
export type Stash = Map<string, unknown>;

export interface Asked {
  request: IncomingMessage;
  query: URLSearchParams;
  body: Buffer;
  stash: Stash;
  /** Sends more of the body; false where nobody takes it any more. */
  give: (bytes: Uint8Array) => Promise<boolean>;
}

type Handler = (asked: Asked, response: ServerResponse) => unknown;

const resources = "/fetch/api/resources";
const slowMs = 10;

export const handlers: Record<string, Handler> = {
  [`${resources}/inspect-headers.py`]: ({ request, query }, response) => {
    for (const name of query.get("headers")?.split("|") ?? []) {
      const value = request.headers[name.toLowerCase()];
      if (value !== undefined) response.setHeader(`x-request-${name}`, value);
    }
    response.writeHead(200, { "content-type": "text/plain" }).end();
  },
  [`${resources}/method.py`]: ({ request, body }, response) => {
    response.setHeader("x-request-method", request.method ?? "");
    for (const part of ["type", "length", "encoding", "language", "location"])
      response.setHeader(
        `x-request-content-${part}`,
        request.headers[`content-${part}`] ?? "NO",
      );
    response.end(body);
  },
  [`${resources}/echo-content.py`]: ({ request, body }, response) => {
    const { headers } = request;
    response.setHeader("X-Request-Method", request.method ?? "");
    for (const part of ["Length", "Type"])
      response.setHeader(
        `X-Request-Content-${part}`,
        headers[`content-${part.toLowerCase()}`] ?? "NO",
      );
    response.setHeader("Content-Type", "text/plain").end(body);
  },
  [`${resources}/status.py`]: ({ request, query }, response) => {
    const type = query.get("type") ?? "";
    response.writeHead(
      Number(query.get("code") ?? 200),
      query.get("text") ?? "OMG",
      { "Content-Type": type, "X-Request-Method": request.method ?? "" },
    );
    response.end(query.get("content") ?? "");
  },
  [`${resources}/redirect.py`]: redirect,
  [`${resources}/redirect-empty-location.py`]: (_asked, response) =>
    response.writeHead(302, { Location: "" }).end(),
  [`${resources}/trickle.py`]: async ({ query, give }, response) => {
    const pause = () => delay(Number(query.get("ms") ?? 500));
    await pause();
    if (!query.has("notype")) response.setHeader("Content-type", "text/plain");
    response.flushHeaders();
    await pause();
    for (let left = Number(query.get("count") ?? 50); left > 0; left--) {
      if (!(await give(Buffer.from("TEST_TRICKLE\n")))) return;
      await pause();
    }
    response.end();
  },
  [`${resources}/bad-chunk-encoding.py`]: async ({ query }, response) => {
    const pause = () => delay(Number(query.get("ms") ?? 1000));
    await pause();
    response.setHeader("Transfer-Encoding", "chunked").flushHeaders();
    const { socket } = response;
    await pause();
    for (let left = Number(query.get("count") ?? 50); left > 0; left--) {
      socket?.write("a\r\nTEST_CHUNK\r\n");
      await pause();
    }
    socket?.end("garbage");
  },
  [`${resources}/infinite-slow-response.py`]: async (asked, response) => {
    const { query, stash, give } = asked;
    const stateKey = query.get("stateKey");
    const abortKey = query.get("abortKey") ?? "";
    if (stateKey !== null) stash.set(stateKey, "open");
    response.setHeader("Content-type", "text/plain");
    let isTaken = await give(Buffer.alloc(2048, "."));
    while (isTaken && !stash.delete(abortKey)) {
      isTaken = await give(Buffer.from("."));
      await delay(slowMs);
    }
    if (stateKey !== null) stash.set(stateKey, "closed");
    response.end();
  },
  [`${resources}/stash-put.py`]: ({ query, stash }, response) => {
    stash.set(query.get("key") ?? "", query.get("value"));
    response.end("done");
  },
  [`${resources}/stash-take.py`]: ({ query, stash }, response) => {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(take(stash, query.get("key")) ?? null));
  },
  [`${resources}/clean-stash.py`]: ({ query, stash }, response) =>
    response.end(take(stash, query.get("token")) === undefined ? "0" : "1"),
  [`${resources}/authentication.py`]: ({ request, query }, response) => {
    const right = `Basic ${Buffer.from("user:password").toString("base64")}`;
    if (request.headers.authorization === right)
      return response.end("Authentication done");
    const realm = query.get("realm") ?? "test";
    response.setHeader("WWW-Authenticate", `Basic realm="${realm}"`);
    return response.writeHead(401).end();
  },
  [`${resources}/dump-authorization-header.py`]: ({ request }, response) =>
    response.end(request.headers.authorization ?? "none"),
  // As it was asked for: also what no header may hold.
  "/xhr/resources/parse-headers.py": ({ query }, response) => {
    const value = query.get("my-custom-header") ?? "";
    const head = `HTTP/1.1 200 OK\r\nContent-Length: 0\r\nMy-Custom-Header: ${value}\r\n`;
    response.socket?.end(`${head}\r\n`, "latin1");
  },
  "/xhr/resources/echo-headers.py": ({ request }, response) => {
    const { rawHeaders } = request;
    const lines = rawHeaders.flatMap((text, at) =>
      at % 2 === 0 ? `${text}: ${rawHeaders[at + 1] ?? ""}\n` : [],
    );
    response.setHeader("Content-Type", "text/plain").end(lines.join(""));
  },
  "/fetch/connection-pool/resources/network-partition-key.py": countConnections,
};

/** Tells how often it was asked, and over how many connections. */
function countConnections(
  { request, query, stash }: Asked,
  response: ServerResponse,
): void {
  const key = query.get("uuid") ?? "";
  const before = stash.get(key);
  const sockets: unknown[] = Array.isArray(before) ? before : [];
  sockets.push(request.socket);
  stash.set(key, sockets);
  const connections = new Set(sockets).size;
  response.writeHead(Number(query.get("status") ?? 200));
  response.end(
    `ok. Request was sent ${sockets.length} times. ${connections} connections were created.`,
  );
}

/** Sends elsewhere, and counts how often it did; what it was asked goes along. */
function redirect({ query, stash }: Asked, response: ServerResponse): void {
  const token = query.get("token");
  const before = token === null ? undefined : stash.get(token);
  const count = (typeof before === "number" ? before : 0) + 1;
  if (token !== null) stash.set(token, count);
  const most = query.get("max_count");
  if (token !== null && most !== null && count > Number(most)) {
    response.end(String(count - 1));
    return;
  }
  const location = query.get("location");
  if (location !== null)
    response.setHeader("Location", placeOf(location, query, count));
  const policy = query.get("redirect_referrerpolicy");
  if (policy !== null) response.setHeader("Referrer-Policy", policy);
  response.setHeader("Content-Type", "text/plain");
  response.writeHead(Number(query.get("redirect_status") ?? 302)).end();
}

/** For Location, whose chars are bytes. */
function placeOf(
  location: string,
  query: URLSearchParams,
  count: number,
): string {
  const place = Buffer.from(location).toString("latin1");
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(location)?.[1] ?? "";
  if (query.has("simple") || !["", "http", "https"].includes(scheme))
    return place;
  const joint = location.includes("?") ? "&" : "?";
  return `${place}${joint}${String(query)}&count=${count}`;
}

function take(stash: Stash, key: string | null): unknown {
  const value = stash.get(key ?? "");
  stash.delete(key ?? "");
  return value;
}
