/** Whatever name a program knows a part of Node by is there, in published code: loaded, or said to be impossible when used. */
import { builtinModules } from "node:module";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Annex as Client } from "../../clients/node/index.ts";
import type { TestAnnex } from "../support/annex.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";

/** All of Node's library at once takes a slow machine its time. */
const clocks = ["--wall-ms", "--sync-ms", "--cpu-ms", "--load-timeout-ms"]
  .map((clock) => [clock, "15000"])
  .flat();

let annex: TestAnnex;
let client: Client;

beforeAll(async () => {
  annex = await openAnnex({ sandboxd: clocks });
  client = annex.client();
  await annex.createContainer("acme");
});

afterAll(() => closeAnnex(annex));

async function answerOf(
  extension: string,
  files: Record<string, string>,
  payload: unknown = {},
): Promise<unknown> {
  const { rollout } = await annex.publish("acme", extension, files);
  expect(rollout?.refused).toEqual([]);
  const outcome = await client.invoke({
    container: "acme",
    extension,
    payload,
    timeoutMs: 20_000,
  });
  return outcome.kind === "result" ? outcome.payload : outcome;
}

/** Without the files of its own that Node still lists. */
const named = builtinModules.filter((name) => !name.startsWith("_"));

test("every builtin of Node's loads, by either name the same module", async () => {
  expect(named.length).toBeGreaterThan(50);
  const source = `module.exports = (ctx, cb) => {
    const problems = [];
    for (const name of ctx.body) {
      try {
        const bare = name.startsWith("node:") ? name.slice(5) : name;
        const one = require("node:" + bare);
        if (one === null || !/object|function/.test(typeof one)) problems.push(name + " is nothing");
        if (bare === name && require(name) !== one) problems.push(name + " is two");
      } catch (error) {
        problems.push(name + ": " + error.message);
      }
    }
    cb(null, problems);
  };`;
  expect(await answerOf("loads", { "index.js": source }, named)).toEqual([]);
});

test("every builtin is imported by a module's own syntax too", async () => {
  const imports = named.map((name, at) => `import * as m${at} from "${name}";`);
  const names = named.map((_, at) => `m${at}`).join(", ");
  const source = `${imports.join("\n")}
    export default async () => [${names}].map((one) => Object.keys(one).length > 0);`;
  expect(await answerOf("imports", { "index.mjs": source })).toEqual(
    named.map(() => true),
  );
});

/** As the programs counted in the corpus use them, without asking first. */
const globals =
  `fetch Request Response Headers FormData Blob File URL URLSearchParams URLPattern Buffer process setTimeout
  setInterval setImmediate clearTimeout clearInterval clearImmediate queueMicrotask AbortController AbortSignal TextEncoder
  TextDecoder TextEncoderStream TextDecoderStream ReadableStream WritableStream TransformStream CompressionStream crypto
  structuredClone atob btoa EventTarget Event performance MessageChannel Intl global globalThis console
  WebSocket`.split(/\s+/);

test("globals are there by their bare names, in scripts and in modules", async () => {
  const absent = globals.map((name) => `typeof ${name} === "undefined"`);
  const script = `module.exports = (cb) => cb(null, [[${absent.join()}].indexOf(true), __filename, __dirname,
    this === exports, require.resolve("./data.json"), new Buffer("é").length, global === globalThis]);`;
  const files = { "index.js": script, "data.json": "{}" };
  expect(await answerOf("script", files)).toEqual([
    -1,
    "/index.js",
    "/",
    true,
    "/data.json",
    2,
    true,
  ]);
  const module = `const here = this;
    export default async () => [[${absent.join()}].indexOf(true), import.meta.filename, import.meta.dirname,
      here === undefined];`;
  expect(await answerOf("module", { "index.mjs": module })).toEqual([
    -1,
    "/index.mjs",
    "/",
    true,
  ]);
});

test("what cannot be offered says so in the failure of the call that uses it", async () => {
  const source = `module.exports = (ctx, cb) => {
    const { execSync } = require("child_process");
    cb(null, String(execSync("id")));
  };`;
  expect(await answerOf("spawns", { "index.js": source })).toMatchObject({
    kind: "failure",
    reason: "threw",
    message:
      "child_process.execSync cannot be offered here: an extension runs in an isolate without processes",
  });
});
