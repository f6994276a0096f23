/** Bytes and text inside the isolate, call by call as plain Node has them. */
import * as fc from "fast-check";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { answeredJson, startExecutor } from "../../../../support/executor.ts";

const requireHere = createRequire(import.meta.url);

/** Runs cases: a function of `require` that is handed data and gives what has a JSON form. */
type Run = (require: NodeJS.Require, data: unknown) => unknown;

/** Runs a source here and inside an isolate with the same data; both must give the same. */
async function expectSame(source: string, data: unknown): Promise<void> {
  await using executor = await startExecutor();
  const guest = `const run = ${source};
    module.exports = async (ctx, cb) => {
      try { cb(null, await run(require, ctx.body)); } catch (error) { cb(error); }
    };`;
  const version = await executor.loaded(guest);
  const payload = JSON.stringify(data);
  const outcome = await executor.invoke(version, { payload });
  // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-type-assertion -- the very source the guest has
  const run = new Function(`return ${source}`)() as Run;
  const here: unknown = await run(requireHere, JSON.parse(payload));
  expect(answeredJson(outcome)).toEqual(JSON.parse(JSON.stringify(here)));
}

const encodings = [
  "utf8",
  "latin1",
  "ascii",
  "utf16le",
  "hex",
  "base64",
  "base64url",
];
const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("a", "=", "-", "/", "\ud800", "\udc00") }),
  fc.stringMatching(/^[A-Za-z0-9+/]{0,90}={0,2}$/),
  fc.stringMatching(/^[0-9a-f]{0,150}g?$/),
  fc.string({ minLength: 1500, maxLength: 3000, unit: "grapheme" }),
);
const bytes = fc.oneof(
  fc.array(fc.nat(255), { maxLength: 300 }),
  fc.array(fc.constantFrom(0xe2, 0x82, 0xac, 0xf0, 0x9f, 0xd8, 0xed, 0x41)),
);

const attempt = `const attempt = (call) => {
  try { const value = call(); return typeof value === "number" ? String(value) : value; }
  catch (error) { return [error.name, error.code, error.message]; }
};`;

test("every encoding writes and reads as plain Node does", async () => {
  const data = {
    encodings,
    texts: fc.sample(texts, 80),
    lists: fc.sample(bytes, 80),
  };
  await expectSame(
    `(require, { encodings, texts, lists }) => {
      ${attempt}
      const { Buffer, atob, btoa, isUtf8, isAscii } = require("buffer");
      const hex = (call) => attempt(() => call().toString("hex"));
      return encodings.map((encoding) => [
        texts.map((text) => [
          hex(() => Buffer.from(text, encoding)),
          attempt(() => Buffer.byteLength(text, encoding)),
          hex(() => { const part = Buffer.alloc(17); part.write(text, 3, 11, encoding); return part; }),
          hex(() => Buffer.alloc(13).fill(text, 1, 12, encoding)),
          attempt(() => atob(text)), attempt(() => btoa(text)),
        ]),
        lists.map((list) => {
          const bytes = Buffer.from(list);
          return [
            bytes.toString(encoding), attempt(() => bytes.toString(encoding, 2, 9)),
            attempt(() => bytes.utf8Slice(-1)), attempt(() => bytes.hexSlice(0, 1000)),
            isUtf8(bytes), isAscii(bytes),
          ];
        }),
      ]);
    }`,
    data,
  );
});

test("bytes are found, compared and moved as plain Node does", async () => {
  const pairs = fc.sample(
    fc.tuple(bytes, bytes, fc.nat(40), fc.integer({ min: -40, max: 40 })),
    150,
  );
  await expectSame(
    `(require, pairs) => {
      ${attempt}
      const { Buffer } = require("buffer");
      return pairs.map(([left, right, count, offset]) => {
        const a = Buffer.from(left), b = Buffer.from(right);
        const wanted = a.subarray(count, count + 2);
        return [
          Buffer.compare(a, b), a.equals(b), attempt(() => a.compare(b, 1, count, 0, count)),
          a.indexOf(wanted, offset), a.lastIndexOf(wanted, offset), attempt(() => a.indexOf(wanted[0], offset)),
          a.lastIndexOf(wanted.toString("latin1"), offset, "latin1"), a.includes("€"),
          attempt(() => Buffer.concat([a, b], count).toString("hex")),
          attempt(() => { a.copy(a, count, 1, 30); return a.toString("hex"); }),
          attempt(() => Buffer.from(b).swap16().toString("hex")),
          attempt(() => Buffer.from(b).swap64().toString("hex")),
        ];
      });
    }`,
    pairs,
  );
});

test("texts in pieces come together as in plain Node", async () => {
  const pieces = fc.sample(
    fc.array(
      fc.array(
        fc.constantFrom(0xe2, 0x82, 0xac, 0x41, 0xd8, 0x3d, 0xf0, 0x9f),
        { maxLength: 5 },
      ),
      { maxLength: 6 },
    ),
    60,
  );
  const labels = [
    "utf-8",
    "utf-16le",
    "utf-16be",
    "latin1",
    "shift_jis",
    "gbk",
    "big5",
    "euc-kr",
    "iso-2022-jp",
    "koi8-r",
    "replacement",
  ];
  await expectSame(
    `(require, { pieces, encodings, labels }) => {
      ${attempt}
      const { StringDecoder } = require("string_decoder");
      const { TextDecoder, TextEncoder, stripVTControlCharacters } = require("util");
      const { transcode } = require("buffer");
      return pieces.map((piece) => [
        encodings.map((encoding) => {
          const decoder = new StringDecoder(encoding);
          return [piece.map((part) => [decoder.write(Buffer.from(part)), decoder.lastNeed]), decoder.end()];
        }),
        labels.map((label) => [{}, { fatal: true }, { ignoreBOM: true }].map((options) => attempt(() => {
          const decoder = new TextDecoder(label, options);
          return [piece.map((part) => attempt(() => decoder.decode(Uint8Array.from(part), { stream: true }))), attempt(() => decoder.decode()), decoder.encoding];
        }))),
        attempt(() => transcode(Buffer.from(piece.flat()), "latin1", "utf8").toString("hex")),
        attempt(() => transcode(Buffer.from("x"), "hex", "utf8")),
      ]);
    }`,
    { pieces, encodings, labels },
  );
});

test("blobs and files give the bytes they were made of", async () => {
  await expectSame(
    `async (require) => {
      const { Blob, File } = require("buffer");
      const blob = new Blob(["aé", Uint8Array.of(1, 2, 3), new Blob(["inner"])], { type: "Text/Plain" });
      const part = blob.slice(1, -3, "a/b");
      const file = new File([part, "end"], "name.txt", { lastModified: 5 });
      return [
        blob.size, blob.type, await blob.text(), part.size, part.type, await part.text(),
        file.name, file.lastModified, [...new Uint8Array(await file.arrayBuffer())], [...await file.bytes()],
      ];
    }`,
    null,
  );
});

test("decodes many megabytes in tens of milliseconds", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(
    `const bytes = Buffer.alloc(6 * 1024 * 1024, "日本z");
     module.exports = (cb) => { const text = bytes.toString(); cb(null, text.length); };`,
  );
  const outcome = await executor.invoke(version, { syncMs: 1000 });
  expect(answeredJson(outcome)).toBe(2_696_338);
});
