import { createServer } from "node:net";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { startTestBroker } from "../../../support/broker.ts";
import { startOrigin } from "../../../support/origin.ts";

test.each<[name: string, value: string]>([
  ["x", "a\r\nx-injected: yes"],
  ["x", "a\nb"],
  ["x", "a\0b"],
  ["x", "a\u007fb"],
  ["x", "日本"],
  ["x\r\nx-injected", "yes"],
  ["x y", "a"],
  ["x:", "a"],
  ["", "a"],
  ["Expect", "100-continue"],
])("refuses the header %j: %j", async (name, value) => {
  const origin = await startOrigin();
  const { fetch } = await startTestBroker();
  const { problem } = await fetch(origin.url, { headers: [[name, value]] });
  expect(problem?.kind).toBe("denied");
  expect((await fetch(origin.url)).head?.status).toBe(200);
  expect(origin.connections).toBe(1);
});

test("drops headers of the connection, the name of another host and forged lengths", async () => {
  const origin = await startOrigin();
  const { fetch } = await startTestBroker();
  await fetch(origin.url, {
    method: "POST",
    body: Buffer.from("payload"),
    headers: [
      ["Host", "victim.test"],
      ["Content-Length", "3"],
      ["Transfer-Encoding", "chunked"],
      ["Connection", "upgrade"],
      ["Upgrade", "websocket"],
      ["Keep-Alive", "timeout=1000"],
      ["TE", "trailers"],
      ["Trailer", "x"],
      ["Proxy-Connection", "keep-alive"],
      ["Accept-Encoding", "br"],
      ["X-Own", "kept"],
      ["X-Own", "twice"],
    ],
  });
  const [seen] = origin.requests;
  expect(seen?.body.toString()).toBe("payload");
  expect(seen?.headers).toEqual({
    host: `127.0.0.1:${origin.port}`,
    connection: "keep-alive",
    "content-length": "7",
    "x-own": "kept, twice",
    accept: "*/*",
    "user-agent": "annex",
    "accept-encoding": "gzip, deflate",
  });
});

test.each(["CONNECT", "trace", "TRACK", "G ET", ""])(
  "refuses the method %j",
  async (method) => {
    const { fetch } = await startTestBroker();
    const { problem } = await fetch("http://127.0.0.1:8080/", { method });
    expect(problem?.kind).toBe("denied");
  },
);

test.each([
  "file:///etc/passwd",
  "ftp://127.0.0.1/",
  "http://user:pass@127.0.0.1/",
  "not a URL",
  `http://127.0.0.1/${"a".repeat(20_000)}`,
])("refuses the URL %.30s", async (url) => {
  const { fetch } = await startTestBroker();
  const { problem, head } = await fetch(url);
  expect(head).toBeUndefined();
  expect(problem?.message).not.toContain("/etc/passwd");
  expect(problem).toBeDefined();
});

test("refuses a body that a GET would smuggle", async () => {
  const { fetch } = await startTestBroker();
  const body = Buffer.from("GET /admin HTTP/1.1\r\n\r\n");
  const options = { method: "GET", body };
  const { problem } = await fetch("http://127.0.0.1:8080/", options);
  expect(problem?.kind).toBe("denied");
});

test("sends long bodies whole, and methods as fetch spells them", async () => {
  const origin = await startOrigin();
  const { fetch } = await startTestBroker();
  const body = Buffer.alloc(300_000, "x");
  await fetch(origin.url, { method: "post", body });
  await fetch(origin.url, { method: "PATCH", body: Buffer.from("y") });
  const [first, second] = origin.requests;
  expect(first).toMatchObject({ method: "POST" });
  expect(first?.headers["content-length"]).toBe("300000");
  expect(first?.body.equals(body)).toBe(true);
  expect(second).toMatchObject({ method: "PATCH" });
});

test("hands on an answer's headers but those of the connection", async () => {
  const origin = await startOrigin((_request, response) => {
    response.writeHead(404, "Not Here", [
      ["Set-Cookie", "a=b"],
      ["Set-Cookie", "c=d"],
      ["X-Latin", "\u00e9"],
      ["Keep-Alive", "timeout=5"],
    ]);
    response.end("gone");
  });
  const { fetch } = await startTestBroker();
  const { head, body } = await fetch(origin.url);
  expect(head).toMatchObject({ status: 404, statusText: "Not Here" });
  expect(body.toString()).toBe("gone");
  expect(head?.headers).toContainEqual(["set-cookie", "a=b"]);
  expect(head?.headers).toContainEqual(["set-cookie", "c=d"]);
  const names = head?.headers.map(([name]) => name);
  expect(names).not.toContain("keep-alive");
  expect(names).not.toContain("connection");
  expect(names).not.toContain("transfer-encoding");
  await fetch(origin.url);
  expect(origin.requests[1]?.headers).not.toHaveProperty("cookie");
});

test.each([
  [
    "more than 16 KiB of headers",
    `HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(4000)}\r\n`,
  ],
  ["one endless header", `HTTP/1.1 200 OK\r\na: ${"b".repeat(20_000)}\r\n\r\n`],
  [
    "hundreds of headers",
    `HTTP/1.1 200 OK\r\n${Array.from({ length: 400 }, (_, n) => `a${n}: b\r\n`).join("")}\r\n`,
  ],
  ["a strange status", "HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n"],
  [
    "an upgrade",
    "HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
  ],
  ["another protocol", "220 mail.test ESMTP\r\n"],
  ["a bare line feed in a header", "HTTP/1.1 200 OK\r\na: b\0c\r\n\r\n"],
  [
    "two lengths",
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
  ],
  ["nothing", ""],
])("fails on an answer with %s", async (_name, answer) => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on TCP
  const { port } = server.address() as { port: number };
  const { fetch } = await startTestBroker();
  const { problem } = await fetch(`http://127.0.0.1:${port}/`);
  expect(problem?.kind).toBe("failed");
});

test.each([
  ["a host's name", `http://${"a.".repeat(5000)}test/`],
  ["an address's spelling", `http://${"a".repeat(15_000)}.test:1/`],
])("no length of %s ends the broker", async (_name, url) => {
  const origin = await startOrigin();
  const { fetch, warnings } = await startTestBroker();
  const { problem } = await fetch(url);
  expect(problem?.message.length).toBeLessThanOrEqual(1024);
  expect((await fetch(origin.url)).head?.status).toBe(200);
  expect(warnings).toEqual([]);
});

test("no length of a header's name ends the broker", async () => {
  const origin = await startOrigin();
  const { fetch, warnings } = await startTestBroker();
  const { problem } = await fetch(origin.url, {
    headers: [["x".repeat(60_000), "\u007f"]],
  });
  expect(problem?.kind).toBe("denied");
  expect((await fetch(origin.url)).head?.status).toBe(200);
  expect(warnings).toEqual([]);
});

test("refuses a URL that percent-encoding makes too long", async () => {
  const origin = await startOrigin();
  const { fetch } = await startTestBroker();
  const url = `${origin.url}?${"日".repeat(10_000)}`;
  expect((await fetch(url)).problem?.kind).toBe("denied");
  expect(origin.connections).toBe(0);
});
