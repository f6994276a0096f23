/** Servers that a guest calls and that mean harm: what they cost the broker is bounded, and its other containers go on. */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { maxNoteBytes } from "../../../../sandboxd/frames.ts";
import { openSocket } from "../../../support/broker-socket.ts";
import { openPolicy, startTestBroker } from "../../../support/broker.ts";
import { startTcpServer, startTlsServer } from "../../../support/tcp-server.ts";
import { originCertificate } from "../../../support/certificate.ts";
import { certificateOf } from "../../../support/many-names.ts";
import { startOrigin } from "../../../support/origin.ts";

const names = { "origin.test": [["127.0.0.1"]] };

/** Ephemeral Diffie-Hellman over numbers, which the server chooses, with or without a key that both know. */
const numberSuites = new Set([
  0x33, 0x39, 0x67, 0x6b, 0x9e, 0x9f, 0xccaa, 0xc09e, 0xc09f, 0xc0a2, 0xc0a3,
  0x45, 0x88, 0xbe, 0xc4, 0x7c, 0x7d, 0xc052, 0xc053, 0x32, 0x38, 0x40, 0x6a,
  0xa2, 0xa3, 0x90, 0x91, 0xb2, 0xb3, 0xaa, 0xab, 0xc0a6, 0xc0a7, 0xccad,
]);

/** Of a client's first words. */
function suitesIn(hello: Buffer): number[] {
  const sessionEnd = 44 + (hello[43] ?? 0);
  const bytes = hello.readUInt16BE(sessionEnd);
  return Array.from({ length: bytes / 2 }, (_, at) =>
    hello.readUInt16BE(sessionEnd + 2 + at * 2),
  );
}

test.each([
  ["fetch", undefined],
  ["a connection", {}],
  ["whatever the guest wishes for", { ciphers: "ALL:DHE:@SECLEVEL=0" }],
  ["older ones beside new ones", { ciphers: "TLS_AES_128_GCM_SHA256:ALL" }],
])(
  "no server has the broker raise its own numbers to powers: %s",
  async (_name, tls) => {
    const { broker, open } = await startTestBroker({ names });
    const { promise, resolve } = Promise.withResolvers<Buffer>();
    const { port } = await startTcpServer((socket) => {
      socket.once("data", (hello: Buffer) => {
        resolve(hello);
        socket.destroy();
      });
    });
    if (tls) openSocket(broker, port, { tls });
    else open(`https://origin.test:${port}/`);
    const suites = suitesIn(await promise);
    expect(suites.length).toBeGreaterThan(3);
    expect(suites.filter((suite) => numberSuites.has(suite))).toEqual([]);
  },
);

test("of new ciphers alone, nothing older is offered", async () => {
  const { broker } = await startTestBroker({ names });
  const { port } = await startTlsServer((socket) => socket.pipe(socket));
  const tls = { ciphers: "TLS_AES_128_GCM_SHA256", ca: [originCertificate] };
  const opened = openSocket(broker, port, { tls });
  await opened.heard("secured");
  expect(opened.tls?.cipher.name).toBe("TLS_AES_128_GCM_SHA256");
  opened.socket.abort();
});

test("TLS is not begun again by the server", async () => {
  const { broker } = await startTestBroker({ names });
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const { port } = await startTlsServer(
    (socket) => {
      socket.pipe(socket);
      socket.on("error", resolve);
      if (socket instanceof TLSSocket)
        socket.renegotiate({ rejectUnauthorized: false }, resolve);
    },
    { maxVersion: "TLSv1.2" },
  );
  const opened = openSocket(broker, port, { tls: {} });
  expect(await promise).toMatchObject({ code: "ERR_SSL_NO_RENEGOTIATION" });
  opened.socket.abort();
});

test("thousands of names in a certificate are checked, and told only if they fit", async () => {
  const { broker, warnings } = await startTestBroker({ names });
  const manyNames = Array.from({ length: 4000 }, (_, n) => `n${n}.origin.test`);
  const cert = certificateOf([...manyNames, "last.test"]);
  const { port } = await startTlsServer((socket) => socket.pipe(socket), {
    cert,
  });
  const opened = openSocket(broker, port, {
    tls: { ca: [originCertificate], identity: "last.test" },
  });
  const other = openSocket(broker, port, {
    tls: { ca: [originCertificate], identity: "other.test" },
  });
  await Promise.all([opened.heard("secured"), other.heard("failed")]);
  expect(opened.tls?.authorized).toBe(true);
  expect(JSON.stringify(opened.tls).length).toBeLessThanOrEqual(maxNoteBytes);
  expect(other.problem?.code).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
  expect(other.problem?.message.length).toBeLessThan(2000);
  opened.write("ping");
  expect((await opened.has(4)).toString()).toBe("ping");
  opened.socket.abort();
  expect(warnings).toEqual([]);
});

/** What a server does of whom nothing good comes, by what it says after the request. */
const badServers: [name: string, said: () => Iterable<string>][] = [
  ["says nothing", () => []],
  [
    "answers for ever that an answer will come",
    () => forever("HTTP/1.1 103 Early Hints\r\n\r\n"),
  ],
  ["ends no line", () => ["HTTP/1.1 200 OK\r\nx: "]],
  ["never ends its headers", () => forever("a: b\r\n", "HTTP/1.1 200 OK\r\n")],
  [
    "never ends the size of a chunk",
    () => forever("0", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
  ],
  [
    "never ends what comes behind a size",
    () =>
      forever("x", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;"),
  ],
  [
    "never ends its trailers",
    () =>
      forever(
        "a: b\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
      ),
  ],
];

/** The broker has closed it. */
function isEnded({ readableEnded, destroyed }: Socket): boolean {
  return readableEnded || destroyed;
}

function* forever(text: string, first = ""): Generator<string> {
  yield first;
  for (;;) yield text.repeat(512);
}

test.each(badServers)(
  "a server that %s ends with its request's time, and others are answered meanwhile",
  async (_name, said) => {
    const requestMs = 700;
    const { broker, open, fetch, warnings } = await startTestBroker({
      policy: { requestMs },
    });
    broker.configure("neighbour", openPolicy);
    const { port, sockets } = await startTcpServer((socket) => {
      socket.once("data", () => {
        const words = said()[Symbol.iterator]();
        const go = () => {
          let isFull = false;
          while (!isFull && !socket.destroyed) {
            const { done, value } = words.next();
            if (done) return;
            isFull = !socket.write(value);
          }
        };
        socket.on("drain", go);
        go();
      });
    });
    const good = await startOrigin();
    const bad = [1, 2, 3].map(() => open(`http://127.0.0.1:${port}/`));
    const over = new AbortController();
    const ends = Promise.all(bad.map(({ done }) => done)).then((ended) => {
      over.abort();
      return ended;
    });
    let meanwhile = 0;
    do {
      const { body } = await fetch(good.url, {
        container: "neighbour",
        invocationId: `n${meanwhile++}`,
      });
      expect(body.toString()).toBe("hello");
    } while (!over.signal.aborted);
    for (const { problem } of await ends)
      expect(["limit", "failed"]).toContain(problem?.kind);
    await expect.poll(() => sockets.every(isEnded)).toBe(true);
    expect(warnings).toEqual([]);
  },
);

test("TLS that is never finished ends with its time, from the start and later on", async () => {
  const { broker, open } = await startTestBroker({
    names,
    policy: { requestMs: 300 },
  });
  const { port, sockets } = await startTcpServer((socket) =>
    socket.once("data", (hello: Buffer) => {
      // The beginning of a record that says it is long.
      socket.write(Buffer.from([22, 3, 3, 64, 0, 2, ...hello.subarray(0, 40)]));
    }),
  );
  const direct = openSocket(broker, port, { tls: {} });
  const later = openSocket(broker, port);
  await later.heard("connected");
  later.upgrade({});
  const fetching = open(`https://origin.test:${port}/`);
  await Promise.all([direct.heard("failed"), later.heard("failed")]);
  const limit = { name: "egress_ms" };
  expect(direct.problem).toMatchObject({ kind: "limit", limit });
  expect(later.problem).toMatchObject({ kind: "limit", limit });
  expect((await fetching.done).problem).toMatchObject({ kind: "limit", limit });
  await expect.poll(() => sockets.every(isEnded)).toBe(true);
});
