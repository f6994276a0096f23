/** zlib inside an isolate, call by call beside plain Node's. */
import { createRequire } from "node:module";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  answeredJson,
  startExecutor,
  type TestExecutor,
} from "../../../../support/executor.ts";

let executor: TestExecutor;

beforeAll(async () => {
  executor = await startExecutor();
});

afterAll(() => executor[Symbol.asyncDispose]());

/** Bodies of async functions with `zlib`, `text` and `failure` in reach; each gives something with a JSON form. */
const calls: Record<string, string> = {
  "gzip and its header": `return zlib.gzipSync("abc").toString("hex");`,
  "deflate with every option": `return zlib.deflateSync(text, { level: 9, memLevel: 9, windowBits: 12, strategy: 1 }).toString("base64");`,
  "raw deflate and a dictionary": `
    const dictionary = Buffer.from("hello world");
    const packed = zlib.deflateSync("hello world hello", { dictionary });
    return [packed.toString("hex"), String(zlib.inflateSync(packed, { dictionary })), String(zlib.inflateRawSync(zlib.deflateRawSync(text))) === text];`,
  "unzip of both kinds": `return [zlib.unzipSync(zlib.gzipSync("a")), zlib.unzipSync(zlib.deflateSync("b"))].map(String);`,
  "joined members": `return String(zlib.gunzipSync(Buffer.concat([zlib.gzipSync("a"), zlib.gzipSync("b")])));`,
  "brotli of every quality": `return Array.from({ length: 12 }, (_, q) => zlib.brotliCompressSync(text, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: q } }).toString("base64"));`,
  "zstd by levels": `return [1, 3, 9, 15].map((level) => zlib.zstdCompressSync(text, { params: { [zlib.constants.ZSTD_c_compressionLevel]: level } }).toString("base64"));`,
  "zstd and brotli back": `return [String(zlib.zstdDecompressSync(zlib.zstdCompressSync(text))) === text, String(zlib.brotliDecompressSync(zlib.brotliCompressSync(text))) === text];`,
  checksums: `return [zlib.crc32("hello"), zlib.crc32(Buffer.from("lo"), zlib.crc32("hel")), zlib.crc32(""), zlib.crc32(new Uint16Array([1, 2]).subarray(1))];`,
  "views of all kinds": `return [new Uint16Array([1, 2]), new DataView(new ArrayBuffer(4), 1), new ArrayBuffer(3)].map((view) => zlib.deflateSync(view).toString("hex"));`,
  garbage: `return [failure(() => zlib.gunzipSync("garbage")), failure(() => zlib.inflateSync(Buffer.from("00", "hex"))), failure(() => zlib.brotliDecompressSync(Buffer.from("zzzz"))), failure(() => zlib.zstdDecompressSync(Buffer.from("zzzz")))];`,
  "cut short": `return [failure(() => zlib.gunzipSync(zlib.gzipSync(text).subarray(0, 50))), failure(() => zlib.brotliDecompressSync(zlib.brotliCompressSync(text).subarray(0, 50)))];`,
  "wrong arguments": `return [failure(() => zlib.gzipSync(1)), failure(() => zlib.createGzip({ level: 10 })), failure(() => zlib.createGzip({ windowBits: 99 })), failure(() => zlib.createBrotliCompress({ params: { 999: 1 } })), failure(() => zlib.gzip("a"))];`,
  "too long for what was wanted": `return [failure(() => zlib.gunzipSync(zlib.gzipSync(text), { maxOutputLength: 10 })), await new Promise((done) => zlib.gunzip(zlib.gzipSync(text), { maxOutputLength: 10 }, (error) => done(error.code)))];`,
  "garbage after the end": `
    const packed = Buffer.concat([zlib.deflateSync("a"), Buffer.from("junk")]);
    return [String(zlib.inflateSync(packed)), failure(() => zlib.inflateSync(packed, { rejectGarbageAfterEnd: true }))];`,
  callbacks: `
    const packed = await promisify(zlib.gzip)(text);
    return [packed.toString("base64"), String(await promisify(zlib.gunzip)(packed)) === text];`,
  "a stream in small pieces": `
    const gunzip = zlib.createGunzip({ chunkSize: 64 });
    const packed = zlib.gzipSync(text);
    for (let at = 0; at < packed.length; at += 7) gunzip.write(packed.subarray(at, at + 7));
    gunzip.end();
    const pieces = [];
    for await (const piece of gunzip) pieces.push(piece);
    return [pieces.length, Buffer.concat(pieces).toString() === text, gunzip.bytesWritten];`,
  "a pipeline": `
    const pieces = [];
    await require("stream/promises").pipeline(require("stream").Readable.from([text, text]), zlib.createGzip(), zlib.createGunzip(), async (source) => { for await (const piece of source) pieces.push(piece); });
    return Buffer.concat(pieces).toString() === text + text;`,
  "flush and params": `
    const deflate = zlib.createDeflate();
    const pieces = [];
    deflate.on("data", (piece) => pieces.push(piece.toString("hex")));
    await new Promise((done) => deflate.write("abc", () => deflate.flush(done)));
    await new Promise((done, fail) => deflate.params(0, 0, (error) => (error ? fail(error) : done())));
    deflate.end("def");
    await new Promise((done) => deflate.on("end", done));
    return pieces.join("");`,
  reset: `
    const deflate = zlib.createDeflate();
    const pieces = [];
    deflate.on("data", (piece) => pieces.push(piece.toString("hex")));
    await new Promise((done) => deflate.write("abc", () => deflate.flush(done)));
    deflate.reset();
    deflate.end("def");
    await new Promise((done) => deflate.on("end", done));
    return pieces;`,
  "a closed stream": `
    const gzip = zlib.createGzip();
    const closed = new Promise((done) => gzip.on("close", done));
    gzip.close();
    await closed;
    return [gzip.destroyed, await new Promise((done) => gzip.write("a", (error) => done(error.code)))];`,
  "an error of a stream": `return await new Promise((done) => zlib.createGunzip().on("error", (error) => done([error.code, error.errno, error.message])).end("garbage"));`,
  megabytes: `
    const bytes = Buffer.alloc(3_000_000, "abcdefg");
    const packed = zlib.gzipSync(bytes);
    return [packed.length, zlib.gunzipSync(packed).equals(bytes), zlib.deflateSync(bytes, { level: 1 }).length];`,
  names: `return [Object.keys(zlib).sort(), zlib.codes, zlib.createGzip().constructor.name];`,
};

const given = `
  const zlib = require("zlib");
  const { promisify } = require("util");
  let text = "";
  for (let n = 0; n < 2000; n++) text += String.fromCharCode(97 + ((n * n) % 26)) + (n % 7 === 0 ? " " : "");
  const failure = (work) => { try { return work(); } catch (error) { return [error.name, error.code, error.errno, error.message]; } };`;

test.each(Object.entries(calls))("%s is as Node's", async (_what, body) => {
  const source = `${given}\nmodule.exports = async (ctx) => { ${body} };`;
  const version = await executor.loaded(source);
  expect(answeredJson(await executor.invoke(version))).toEqual(
    await onNode(body),
  );
});

test("streams of calls that ended hold nothing", async () => {
  const version = await executor.loaded(`${given}
    module.exports = async () => { const kept = Array.from({ length: 100 }, () => zlib.createGzip()); kept[0].write("a"); return kept.length; };`);
  for (let call = 0; call < 10; call++)
    expect(answeredJson(await executor.invoke(version))).toBe(100);
});

test("a stream of the top level serves every call", async () => {
  const version = await executor.loaded(`${given}
    const deflate = zlib.createDeflate();
    module.exports = async () => {
      await new Promise((done) => deflate.write("abc", () => deflate.flush(done)));
      return deflate.read().length > 0;
    };`);
  expect(answeredJson(await executor.invoke(version))).toBe(true);
  expect(answeredJson(await executor.invoke(version))).toBe(true);
});

async function onNode(body: string): Promise<unknown> {
  const require = createRequire(import.meta.url);
  // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-type-assertion -- the same source, here
  const run = new Function(
    "require",
    `${given}\nreturn async () => { ${body} };`,
  )(require) as () => Promise<unknown>;
  const value: unknown = JSON.parse(JSON.stringify(await run()));
  return value;
}
