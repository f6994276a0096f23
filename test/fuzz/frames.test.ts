/** Bytes, texts and messages by chance into whatever reads what a hostile process says: it throws or returns what is well formed. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkReply as checkBrokerReply } from "../../sandboxd/broker/reply.ts";
import { readDrained } from "../../sandboxd/executor/bridge.ts";
import { encodeFrame, FrameReader, type Frame } from "../../sandboxd/frames.ts";
import { checkReply } from "../../sandboxd/supervisor/reply.ts";
import { mutantsOf } from "./mutants.ts";
import { brokerReplies, executorReplies, outboxItems } from "./replies.ts";
import { fuzzSettings } from "./settings.ts";

const { isLong: _isLong, ...settings } = fuzzSettings(5000);
const maxHeadBytes = 256;
const maxFrameBytes = 1024;
const prefixBytes = 8;

/** Lengths a prefix may announce, around every bound. */
const lengths = fc.oneof(
  fc.constantFrom(
    0,
    1,
    2,
    255,
    256,
    257,
    1023,
    1024,
    1025,
    2 ** 31,
    2 ** 32 - 1,
  ),
  fc.nat(300),
);

const streams = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
      fc.tuple(lengths, lengths).map(([content, head]) => {
        const prefix = Buffer.alloc(prefixBytes);
        prefix.writeUInt32BE(content, 0);
        prefix.writeUInt32BE(head, 4);
        return prefix;
      }),
      fc
        .tuple(mutantsOf(executorReplies), fc.uint8Array({ maxLength: 64 }))
        .map(([head, body]) => encodeFrame(Object(head), body)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts));

test("a stream of bytes gives frames within their bounds or breaks off, however it is cut", () => {
  fc.assert(
    fc.property(
      streams,
      fc.array(fc.nat(400), { maxLength: 8 }),
      (bytes, cuts) => {
        const whole = readAll([...bytes].map((byte) => Buffer.from([byte])));
        for (const { body, bytes: length } of whole.frames) {
          expect(length).toBeLessThanOrEqual(prefixBytes + maxFrameBytes);
          const headBytes = length - prefixBytes - body.length;
          expect(headBytes).toBeLessThanOrEqual(maxHeadBytes);
        }
        const cut = readAll(piecesOf(bytes, cuts));
        expect(cut.isBroken).toBe(whole.isBroken);
        // What came in one piece with what broke it off is not given.
        if (cut.isBroken) whole.frames.length = cut.frames.length;
        expect(cut.frames).toEqual(whole.frames);
      },
    ),
    settings,
  );
});

/** The frames until it broke off, if it did. */
function readAll(pieces: Buffer[]) {
  const reader = new FrameReader(maxHeadBytes, maxFrameBytes);
  const frames: Frame[] = [];
  try {
    for (const piece of pieces) frames.push(...reader.push(piece));
  } catch {
    return { frames, isBroken: true };
  }
  return { frames, isBroken: false };
}

function piecesOf(bytes: Buffer, cuts: number[]): Buffer[] {
  const ends = [...cuts, bytes.length].toSorted((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

test.each([
  ["an executor's reply", executorReplies, checkReply],
  ["the broker's reply", brokerReplies, checkBrokerReply],
] as const)(
  "what is taken for %s has the shape of one",
  (_, replies: readonly Typed[], check: (head: unknown) => Typed) => {
    let takenCount = 0;
    fc.assert(
      fc.property(mutantsOf(replies), (mutant) => {
        const reply = attempt(() => check(asReceived(mutant)));
        if (!reply) return;
        takenCount++;
        const known = replies.filter(({ type }) => type === reply.type);
        checkForm(reply, new Set(known.flatMap(keysIn)));
        expect(check(reply)).toEqual(reply);
      }),
      settings,
    );
    expect(takenCount).toBeGreaterThan(settings.numRuns / 10);
  },
);

interface Typed {
  type: string;
}

test("what is taken for an isolate's word has the shape of it", () => {
  let takenCount = 0;
  const texts = fc.oneof(
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
    {
      weight: 9,
      arbitrary: fc
        .tuple(
          fc.array(mutantsOf(outboxItems), { maxLength: 2 }),
          fc.constantFrom("0", "1", "x", ""),
          fc.constantFrom("\n", "\n", "\n", ""),
          fc.string({ unit: "binary", maxLength: 20 }),
        )
        .map(
          ([items, more, end, body]) =>
            `${more}${JSON.stringify(items)}${end}${body}`,
        ),
    },
  );
  fc.assert(
    fc.property(texts, (text) => {
      const drained = readDrained(text);
      if (!drained) return;
      takenCount++;
      expect(drained.hasMore).toBe(text.startsWith("1"));
      for (const item of drained.items) {
        const none = Buffer.alloc(0);
        const { body, tls, ...rest } = { body: none, tls: none, ...item };
        expect(body).toBeInstanceOf(Buffer);
        expect(tls).toBeInstanceOf(Buffer);
        checkForm(rest, itemKeys);
        if ("headers" in rest)
          expect(rest.headers.flat().join()).not.toMatch(/[\r\n\0]/);
      }
    }),
    settings,
  );
  expect(takenCount).toBeGreaterThan(settings.numRuns / 10);
});

const itemKeys = new Set(
  [
    "kind call model payload timer delayMs line level timeMs text lines",
    "egress method url headers form httpStatus contentType",
    "reason message stack observed",
    "host port address name record",
  ].flatMap((line) => line.split(" ")),
);

/** As it would come over a pipe: `__proto__` is a key of its own there. */
function asReceived(mutant: unknown): unknown {
  return JSON.parse(JSON.stringify(mutant) ?? "null");
}

function attempt<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Plain data of known names: counts that are counts, and nothing inherited. */
function checkForm(value: unknown, keys: ReadonlySet<string>): void {
  if (typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number") {
    expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
    return;
  }
  if (Array.isArray(value)) {
    for (const part of value) checkForm(part, keys);
    return;
  }
  expect(value).toBeTypeOf("object");
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  for (const [key, part] of Object.entries(Object(value))) {
    expect(keys).toContain(key);
    checkForm(part, keys);
  }
}

/** The names of a message's properties, at any depth. */
function keysIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.values(value).flatMap(keysIn);
  return Array.isArray(value) ? inner : [...Object.keys(value), ...inner];
}
