/** Whatever a guest asks for and an origin answers, by chance: the broker says only what sandboxd takes, and lives. */
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { startTestBroker } from "../support/broker.ts";
import { fuzzSettings } from "./settings.ts";

const { isLong, ...settings } = fuzzSettings(1000);
const wallMs = 1000;

const bytes = fc
  .uint8Array({ maxLength: 40 })
  .map((some) => Buffer.from(some).toString("latin1"));
/** Short, or of a length around a bound. */
const lengths = fc.constantFrom(1, 1, 1, 10, 30, 100, 400, 1000);
const texts = fc
  .tuple(fc.oneof(bytes, fc.string({ unit: "binary", maxLength: 40 })), lengths)
  .map(([text, times]) => text.repeat(times));
/** What a header's value may be: Latin-1 without control characters. */
const lines = fc
  .tuple(
    fc.array(
      fc.oneof(
        fc.integer({ min: 32, max: 126 }),
        fc.integer({ min: 128, max: 255 }),
      ),
      { maxLength: 40 },
    ),
    lengths,
  )
  .map(([codes, times]) => String.fromCharCode(...codes).repeat(times));
/** Mostly the first. */
const rarely = <A, B>(often: fc.Arbitrary<A>, seldom: fc.Arbitrary<B>) =>
  fc.oneof({ weight: 15, arbitrary: often }, { weight: 1, arbitrary: seldom });
/** Of names that every object has, of a connection, or any. */
const names = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "toString", "set-cookie"),
  fc.constantFrom("connection", "keep-alive", "upgrade", "trailer"),
  fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}$/),
  lengths.map((times) => "x".repeat(times * 20)),
);
const urls = fc.oneof(
  texts,
  fc.webUrl(),
  names.map((name) => `http://${name}.test/`),
  texts.map((text) => `http://${text}/`),
  texts.map((text) => `/${text}`),
);

const codings = fc
  .array(fc.constantFrom("gzip", "deflate", "br", "zstd", "x", ""), {
    maxLength: 7,
  })
  .map((some) => some.join());

const answerHeaders = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.tuple(rarely(names, texts), rarely(lines, texts)),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constant("location"),
      fc.oneof(urls, urls.map(encodeURIComponent), lines),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constant("content-encoding"),
      fc.oneof(codings, lines),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant("content-length"),
      fc.oneof(fc.nat(200).map(String), lines),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant("transfer-encoding"),
      fc.oneof(fc.constantFrom("chunked", "gzip, chunked"), lines),
    ),
  },
);

const bodies = fc.oneof(
  bytes,
  texts,
  fc.constant(gzipSync(Buffer.alloc(100_000)).toString("latin1")),
  fc.constant("5\r\nhello\r\n0\r\n\r\n"),
);

const wellFormed = fc
  .record({
    status: rarely(
      fc.constantFrom(200, 201, 204, 301, 302, 304, 307, 404, 500),
      fc.nat(1100),
    ),
    statusText: lines,
    headers: fc.array(answerHeaders, { maxLength: 6 }),
    copies: fc.constantFrom(1, 1, 1, 1, 1, 1, 20, 300),
    body: bodies,
  })
  .map(({ status, statusText, headers, copies, body }) => {
    const head = headers.map(([name, value]) => `${name}: ${value}\r\n`);
    return `HTTP/1.1 ${status} ${statusText}\r\n${head.join("").repeat(copies)}\r\n${body}`;
  });

const answers = rarely(wellFormed, texts);

/** A method, and a body where it may have one. */
const methods = fc.oneof(
  fc.tuple(fc.constantFrom("GET", "HEAD", "OPTIONS"), fc.constant("")),
  fc.tuple(fc.constantFrom("POST", "PUT", "PATCH", "delete"), bytes),
);
const requests = fc.record(
  {
    path: rarely(
      texts.map((text) => text.slice(0, 1000)),
      texts,
    ),
    url: fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: urls },
    ),
    method: rarely(methods, fc.tuple(texts, bytes)),
    headers: rarely(
      fc.array(fc.tuple(names, lines), { maxLength: 3 }),
      fc.array(fc.tuple(fc.oneof(names, texts), texts), { maxLength: 3 }),
    ),
  },
  { noNullPrototype: true },
);

test(
  "whatever is asked and answered, the broker says what sandboxd takes",
  { timeout: isLong ? settings.numRuns * 100 : 60_000 },
  async () => {
    let answer = "";
    const port = await startRawServer(() => answer);
    const { broker, fetch, warnings } = await startTestBroker({
      // Nothing that chance spells goes anywhere else.
      policy: { allow: [`127.0.0.1:${port}`] },
    });
    let runs = 0;
    let heads = 0;
    await fc.assert(
      fc.asyncProperty(requests, answers, async (request, said) => {
        answer = said;
        const { path, headers } = request;
        const [method, body] = request.method;
        const { head, problem } = await fetch(
          request.url ?? `http://127.0.0.1:${port}/${path}`,
          {
            invocationId: `n${(runs += 1)}`,
            method,
            headers,
            body: Buffer.from(body, "latin1"),
            wallMs,
          },
        );
        if (head) heads += 1;
        else expect(problem?.message).toBeTruthy();
        expect(warnings).toEqual([]);
        expect(broker.pid).not.toBe(0);
      }),
      // What has ended the broker once would be blamed on every simpler case.
      { ...settings, endOnFailure: true },
    );
    // Chance must be able to get through, or all this says little.
    expect(heads).toBeGreaterThan(runs / 4);
    answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    const last = await fetch(`http://127.0.0.1:${port}/`);
    expect(last.body.toString()).toBe("ok");
  },
);

/** Says the same on every connection, and closes it; gives its port. */
async function startRawServer(answer: () => string): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(Buffer.from(answer(), "latin1")));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on TCP
  return (server.address() as AddressInfo).port;
}
