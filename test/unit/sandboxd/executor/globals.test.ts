/** What a guest finds: nothing appears or goes unnoticed. After a change on purpose: `vitest -u`. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  answeredJson,
  startExecutor,
  type TestExecutor,
} from "../../../support/executor.ts";
import { repositoryRoot } from "../../../support/paths.ts";

let executor: TestExecutor;

beforeAll(async () => {
  executor = await startExecutor();
});

afterAll(() => executor[Symbol.asyncDispose]());

async function value(expression: string): Promise<unknown> {
  const version = await executor.loaded(
    `module.exports = async () => (${expression});`,
  );
  return answeredJson(await executor.invoke(version));
}

test("the globals are those of the golden list", async () => {
  const source = `module.exports = (cb) => {
    const names = Reflect.ownKeys(globalThis).map(String).sort();
    cb(null, names.map((name) => name + " " + typeof globalThis[name]));
  };`;
  const version = await executor.loaded(source);
  const names = answeredJson(await executor.invoke(version));
  if (!Array.isArray(names)) throw new Error("no names");
  await expect(`${names.join("\n")}\n`).toMatchFileSnapshot(
    join(repositoryRoot, "test/hostile/globals.golden.txt"),
  );
});

test("URL and URLSearchParams parse as everywhere", async () => {
  expect(
    await value(`[
      new URL("../b?x=1#h", "https://u:p@Example.org:443/a/c").href,
      new URL("http://münchen.de/ä").href,
      [...new URLSearchParams("a=1&b=2&a=3").getAll("a")],
      URL.canParse("nonsense"),
    ]`),
  ).toEqual([
    "https://u:p@example.org/b?x=1#h",
    "http://xn--mnchen-3ya.de/%C3%A4",
    ["1", "3"],
    false,
  ]);
});

test("text is encoded and decoded", async () => {
  expect(
    await value(`[
      [...new TextEncoder().encode("é€😀")],
      new TextDecoder().decode(new Uint8Array([0xf0, 0x9f, 0x98, 0x80, 0xff])),
      new TextDecoder("utf-16le").decode(new Uint8Array([0x3d, 0xd8, 0, 0xde])),
      new TextDecoder("latin1").decode(new Uint8Array([0xe9])),
      btoa("\\xff\\x00"), atob("/wA="),
    ]`),
  ).toEqual([
    [195, 169, 226, 130, 172, 240, 159, 152, 128],
    "😀\ufffd",
    "😀",
    "é",
    "/wA=",
    "\xff\x00",
  ]);
});

test("Buffer is a Uint8Array that knows its encodings", async () => {
  expect(
    await value(`[
      Buffer.from("é").toString("hex"), Buffer.from("6869", "hex").toString(),
      Buffer.from("aGk=", "base64").toString("latin1"), new Buffer("old").length,
      Buffer.concat([Buffer.alloc(1), Buffer.from([255])]).readUInt16BE(0),
      Buffer.from("x") instanceof Uint8Array,
    ]`),
  ).toEqual(["c3a9", "hi", "hi", 3, 255, true]);
});

test("an abort is heard, with its reason", async () => {
  expect(
    await value(`await new Promise((resolve) => {
      const controller = new AbortController();
      const { signal } = controller;
      signal.addEventListener("abort", (event) =>
        resolve([event.type, signal.aborted, signal.reason.message]));
      controller.abort(new Error("enough"));
    })`),
  ).toEqual(["abort", true, "enough"]);
});

test("an event reaches its listeners once each", async () => {
  expect(
    await value(`(() => {
      const target = new EventTarget();
      let heard = 0;
      target.addEventListener("ping", () => heard++, { once: true });
      target.dispatchEvent(new Event("ping"));
      target.dispatchEvent(new Event("ping"));
      return heard;
    })()`),
  ).toBe(1);
});

test("structuredClone copies deeply and refuses functions", async () => {
  expect(
    await value(`(() => {
      const original = { map: new Map([["a", new Date(0)]]), bytes: new Uint8Array([1, 2]) };
      original.self = original;
      const copy = structuredClone(original);
      let refused;
      try { structuredClone(() => {}); } catch (error) { refused = error.name; }
      return [copy !== original, copy.self === copy, copy.map.get("a").getTime(), [...copy.bytes], refused];
    })()`),
  ).toEqual([true, true, 0, [1, 2], "DataCloneError"]);
});

test("timers run in the order of their time, and can be cleared", async () => {
  expect(
    await value(`await new Promise((resolve) => {
      const order = [];
      const cleared = setTimeout(() => order.push("cleared"), 1);
      setTimeout((name) => { order.push(name); resolve(order); }, 30, "later");
      setTimeout(() => order.push("soon"), 2);
      setImmediate(() => order.push("immediate"));
      const interval = setInterval(() => { order.push("tick"); clearInterval(interval); }, 5);
      queueMicrotask(() => order.push("microtask"));
      clearTimeout(cleared);
    })`),
  ).toEqual(["microtask", "immediate", "soon", "tick", "later"]);
});

test("console formats as Node does", async () => {
  const version = await executor.loaded(`module.exports = (cb) => {
    console.log("%s is %d", "x", 42, { a: [1, { b: new Map([["k", 1]]) }] });
    console.group("in");
    console.info(new Error("e").message, undefined, null, Symbol("s"));
    console.groupEnd();
    console.assert(1 === 2, "math");
    console.count();
    console.debug([1, "two"]);
    console.log();
    cb();
  };`);
  const { lines } = await executor.invoke(version);
  expect(lines.map(({ level, text }) => `${level}: ${text}`)).toEqual([
    "log: x is 42 { a: [ 1, { b: [Map] } ] }",
    "log: in",
    "info:   e undefined null Symbol(s)",
    "warn: Assertion failed: math",
    "log: default: 1",
    "debug: [ 1, 'two' ]",
    "log: ",
  ]);
  for (const { timeMs } of lines)
    expect(Math.abs(timeMs - Date.now())).toBeLessThan(60_000);
});
