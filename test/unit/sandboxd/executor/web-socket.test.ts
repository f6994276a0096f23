/** WebSockets outward: through the broker, under its rules, as long as their invocation. */
import { createHash } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { startSocketWorld } from "../../../support/socket-world.ts";
import { startTcpServer, startTlsServer } from "../../../support/tcp-server.ts";

/** Sends back each frame of up to 125 bytes, a close too. */
const echo = serving((socket, left) => {
  for (;;) {
    const length = (left[1] ?? 0) & 127;
    if (left.length < 2 || left.length < 6 + length) return left;
    const mask = left.subarray(2, 6);
    const bytes = left
      .subarray(6, 6 + length)
      .map((byte, at) => byte ^ (mask[at & 3] ?? 0));
    const opcode = (left[0] ?? 0) & 15;
    left = left.subarray(6 + length);
    socket.write(Buffer.concat([Buffer.of(128 | opcode, length), bytes]));
    if (opcode === 8) socket.end();
  }
});

/** Takes the handshake, and gives what comes after it to `take`, which gives back what it left. */
function serving(
  take: (socket: Socket, left: Buffer) => Buffer,
  header = "",
): (socket: Socket) => void {
  return (socket) => {
    let left: Buffer = Buffer.alloc(0);
    let isOpen = false;
    socket.on("data", (chunk: Buffer) => {
      left = Buffer.concat([left, chunk]);
      const end = left.indexOf("\r\n\r\n");
      if (!isOpen && end < 0) return;
      if (!isOpen) {
        const head = left.subarray(0, end).toString("latin1");
        left = left.subarray(end + 4);
        isOpen = true;
        socket.write(answerTo(head, header));
      }
      left = take(socket, left);
    });
  };
}

function answerTo(head: string, header: string): string {
  const [, key = ""] = /^sec-websocket-key: (.+)$/im.exec(head) ?? [];
  const accept = createHash("sha1")
    .update(`${key.trim()}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n${header}\r\n`;
}

const speak = (url: string) => `
  const socket = new WebSocket(${url});
  return await new Promise((resolve) => {
    const told = [];
    socket.onopen = () => socket.send("there and back");
    socket.onmessage = ({ data }) => { told.push(data); socket.close(1000, "bye"); };
    socket.onerror = ({ type }) => told.push(type);
    socket.onclose = ({ code, reason, wasClean }) => resolve([...told, code, reason, wasClean]);
  });`;

test("a WebSocket speaks in the clear and over TLS", async () => {
  const { value } = await startSocketWorld();
  const clear = await startTcpServer(echo);
  const secured = await startTlsServer(echo);
  const said = ["there and back", 1000, "bye", true];
  expect(
    await value(speak("`ws://origin.test:${port}/`"), { port: clear.port }),
  ).toEqual(said);
  const overTls = speak("`wss://origin.test:${port}/`");
  expect(await value(overTls, { port: secured.port })).toEqual(said);
  const untrusting = `const tls = require("tls"); tls.setDefaultCACertificates([tls.rootCertificates[0]]); ${overTls}`;
  expect(await value(untrusting, { port: secured.port })).toEqual([
    "error",
    1006,
    "",
    false,
  ]);
});

test("a WebSocket reaches nobody whom the rules do not open", async () => {
  const { value, resolved } = await startSocketWorld({
    policy: { allow: ["else.test"] },
  });
  const { port, sockets } = await startTcpServer(echo);
  const refused = ["error", 1006, "", false];
  for (const host of ["127.0.0.1", "origin.test"])
    expect(await value(speak(`"ws://${host}:${port}/"`), { port })).toEqual(
      refused,
    );
  expect(sockets).toHaveLength(0);
  expect(resolved).toEqual([]);
});

test("a WebSocket that is never closed ends with its call", async () => {
  const { value } = await startSocketWorld();
  const { port, sockets } = await startTcpServer(echo);
  expect(
    await value(
      `globalThis.kept = new WebSocket(\`ws://127.0.0.1:\${port}/\`);
       await new Promise((resolve) => (kept.onopen = resolve));
       return kept.readyState;`,
      { port },
    ),
  ).toBe(1);
  await expect.poll(() => sockets[0]?.readableEnded).toBe(true);
});

test("a flood of WebSockets is bounded", async () => {
  const { value } = await startSocketWorld();
  const { port, sockets } = await startTcpServer(echo);
  const counts = await value(
    `const counts = { open: 0, error: 0 };
     await Promise.all(Array.from({ length: 100 }, () => new Promise((resolve) => {
       const socket = new WebSocket(\`ws://127.0.0.1:\${port}/\`);
       for (const name of ["open", "error"]) socket.addEventListener(name, () => resolve(counts[name]++));
     })));
     return counts;`,
    { port },
  );
  expect(counts).toEqual({ open: 16, error: 84 });
  expect(sockets).toHaveLength(16);
});

test("a message that is more than an isolate bears ends its WebSocket", async () => {
  const { value } = await startSocketWorld();
  const fragment = Buffer.alloc(1024 * 1024 + 10);
  fragment.set([2, 127]);
  fragment.writeBigUInt64BE(BigInt(1024 * 1024), 2);
  const next = Buffer.from(fragment);
  next.set([0]);
  const zeros = deflateRawSync(Buffer.alloc(17 * 1024 * 1024));
  const packed = [Buffer.of(0xc1, 126, zeros.length >> 8, zeros.length & 255)];
  const attempts = [
    // Of 16 MiB and a byte, they say.
    serving((socket) =>
      write(socket, Buffer.of(0x81, 127, 0, 0, 0, 0, 1, 0, 0, 1)),
    ),
    serving((socket) => {
      const more = (error?: Error | null) => {
        if (!error && !hasEnded(socket)) socket.write(next, more);
      };
      return write(socket, fragment, more);
    }),
    serving(
      (socket) => write(socket, Buffer.concat([...packed, zeros])),
      "Sec-WebSocket-Extensions: permessage-deflate\r\n",
    ),
  ];
  for (const attempt of attempts) {
    const { port, sockets } = await startTcpServer(attempt);
    expect(
      await value(
        `const socket = new WebSocket(\`ws://127.0.0.1:\${port}/\`);
         return await new Promise((resolve) => {
           const told = [];
           for (const name of ["open", "message", "error"]) socket.addEventListener(name, () => told.push(name));
           socket.addEventListener("close", ({ code }) => resolve([...told, code]));
         });`,
        { port },
      ),
    ).toEqual(["open", "error", 1006]);
    await expect.poll(() => hasEnded(sockets[0])).toBe(true);
  }
});

function hasEnded(socket: Socket | undefined): boolean {
  return socket !== undefined && (socket.readableEnded || socket.destroyed);
}

function write(
  socket: Socket,
  bytes: Buffer,
  sent?: (error?: Error | null) => void,
): Buffer {
  socket.write(bytes, sent);
  return Buffer.alloc(0);
}
