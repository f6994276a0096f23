/** The two kinds of proxy, as small as they can be: for connections outward that must go through one. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import {
  connect,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from "node:net";
import { onTestFinished } from "vitest";

export interface TestProxy {
  url: string;
  /** What it was asked to connect to, as it was asked: host:port. */
  readonly asked: string[];
  /** Credentials it was shown, as user:password. */
  readonly credentials: string[];
}

/** Takes CONNECT; answers with the status where it is not 200. */
export async function startHttpProxy(status = 200): Promise<TestProxy> {
  const proxy = { url: "", asked: [] as string[], credentials: [] as string[] };
  const server = createHttpServer((_request, response) => {
    response.writeHead(405).end();
  });
  server.on("connect", (request, client: Socket) => {
    proxy.asked.push(request.url ?? "");
    const basic = request.headers["proxy-authorization"]?.split(" ")[1];
    if (basic) proxy.credentials.push(Buffer.from(basic, "base64").toString());
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} Refused\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${request.url}`);
    join(
      client,
      connect(Number(port || 80), hostname.replace(/[[\]]/g, "")),
      () => client.write("HTTP/1.1 200 OK\r\n\r\n"),
    );
  });
  proxy.url = `http://127.0.0.1:${await listen(server)}`;
  return proxy;
}

/** Takes SOCKS 5 with a user name and password, or without where it is shown none. */
export async function startSocksProxy(): Promise<TestProxy> {
  const proxy = { url: "", asked: [] as string[], credentials: [] as string[] };
  const server = createServer((client) => {
    client.on("error", () => undefined);
    void serveSocks(client, proxy);
  });
  proxy.url = `socks5://127.0.0.1:${await listen(server)}`;
  return proxy;
}

async function serveSocks(client: Socket, proxy: TestProxy): Promise<void> {
  const greeting = await next(client);
  const wantsPassword = greeting.subarray(2).includes(2);
  client.write(Buffer.from([5, wantsPassword ? 2 : 0]));
  if (wantsPassword) {
    const shown = await next(client);
    const nameEnd = 2 + (shown[1] ?? 0);
    proxy.credentials.push(
      `${shown.toString("utf8", 2, nameEnd)}:${shown.toString("utf8", nameEnd + 1)}`,
    );
    client.write(Buffer.from([1, 0]));
  }
  const wanted = await next(client);
  const port = wanted.readUInt16BE(wanted.length - 2);
  const host =
    wanted[3] === 1
      ? [...wanted.subarray(4, 8)].join(".")
      : wanted.toString("utf8", 5, wanted.length - 2);
  proxy.asked.push(`${host}:${port}`);
  join(client, connect(port, host), () =>
    client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])),
  );
}

async function next(client: Socket): Promise<Buffer> {
  const [chunk] = (await once(client, "data")) as [Buffer];
  return chunk;
}

function join(client: Socket, origin: Socket, connected: () => void): void {
  client.on("error", () => origin.destroy());
  origin.on("error", () => client.destroy());
  client.on("close", () => origin.destroy());
  origin.once("connect", () => {
    connected();
    client.pipe(origin).pipe(client);
  });
}

async function listen(server: Server): Promise<number> {
  const clients = new Set<Socket>();
  server.on("connection", (client) => {
    clients.add(client);
    client.on("close", () => clients.delete(client));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const client of clients) client.destroy();
    server.close();
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on TCP
  return (server.address() as AddressInfo).port;
}
