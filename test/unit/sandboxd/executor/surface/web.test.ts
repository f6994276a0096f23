/** The web platform inside the isolate, call by call as plain Node has it. */
import { afterAll, beforeAll, test } from "vitest";
import {
  startExecutor,
  type TestExecutor,
} from "../../../../support/executor.ts";
import { expectSameBody } from "./same-as-node.ts";

let executor: TestExecutor;

beforeAll(async () => {
  executor = await startExecutor();
});

afterAll(() => executor[Symbol.asyncDispose]());

const expectSame = (body: string) =>
  expectSameBody(executor, `${attempts}\n${body}`);

const attempts = `
  const attempt = (call) => {
    try { return call(); } catch (error) { return [error.name, error.code, error.message]; }
  };
  const rejected = (promise) => promise.then((value) => value, (error) => [error.name, error.code]);
`;

test("URLs are parsed, set and formatted", async () => {
  await expectSame(`
    const texts = ["https://u:p@Example.com:8080/a/../b?q=1#h", "http://xn--fsq.com", "http://例え.jp/ü?ä", "mailto:a@b",
      "file:///C|/x", "data:,a#b", "web+demo:/.//not-a-host/", "http://[::1]:80/", "http://1.2.3/", "nonsense", "http://a b",
      "//relative", "?q", "http://h/?#", "blob:https://x.org/id", "javascript:alert(1)", "http://" + "a".repeat(2000)];
    const shown = (url) => url && [url.href, url.origin, url.protocol, url.username, url.password, url.host, url.hostname,
      url.port, url.pathname, url.search, url.hash, [...url.searchParams]];
    const names = ["href", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"];
    const values = ["", "x", "99", "ä b", "https:", "a:1", "//", "?x=1&y", "#z", "[::2]"];
    return [
      ...texts.map((text) => attempt(() => shown(new URL(text)))),
      ...texts.map((text) => attempt(() => shown(new URL(text, "https://base.org/x/y?z")))),
      ...texts.map((text) => [URL.canParse(text), shown(URL.parse(text))]),
      ...texts.flatMap((text) => URL.canParse(text) ? names.flatMap((name) => values.map((value) => {
        const url = new URL(text);
        return attempt(() => { url[name] = value; return shown(url); });
      })) : []),
    ];`);
});

test("values are cloned as V8 clones them", async () => {
  await expectSame(`
    const kind = (value) => Object.prototype.toString.call(value);
    const shown = (value) => [kind(value), value?.constructor?.name, value instanceof Map || value instanceof Set
      ? [...value].map(String) : ArrayBuffer.isView(value) ? [value.byteOffset, value.byteLength] : value instanceof Error
      ? [value.name, value.message, Object.keys(value), value.cause] : typeof value === "bigint" ? String(value)
      : Object(value) === value ? [Object.keys(value), String(value)] : value];
    const error = Object.assign(new RangeError("far", { cause: { deep: 1 } }), { extra: 1 });
    const named = Object.assign(new Error("x"), { name: "TypeError" });
    const values = [1, "s", null, undefined, true, 10n, NaN, new Date(5), new Date(NaN), /a/giu, new Map([[1, { a: 2 }]]),
      new Set(["x"]), [1, , 3], Object.assign([1], { x: 1 }), { a: { b: 1 } }, Object(1n), Object("s"), new Boolean(false),
      new Uint8Array([1, 2, 3]).subarray(1), new DataView(new ArrayBuffer(8), 2, 3), new ArrayBuffer(4), error, named,
      new AggregateError([1], "m"), JSON.parse('{"__proto__":1}'), Object.create(null), new (class A { x = 1 })(),
      () => 1, Symbol("s"), Promise.resolve(), new WeakMap(), new WeakRef({}), [].values(), new Map().keys(),
      (function* () {})(), (function () { return arguments; })(1), Object(Symbol("o")), globalThis,
      new DOMException("m", "AbortError"), new Headers(), new URL("http://x"), new EventTarget(), new Blob(["a"])];
    const cycle = { list: [] };
    cycle.list.push(cycle, cycle.list);
    const copy = structuredClone(cycle);
    const buffer = new ArrayBuffer(8);
    const view = new Uint16Array(buffer, 2, 2);
    const moved = structuredClone({ view, buffer }, { transfer: [buffer] });
    const kept = new ArrayBuffer(3);
    const failed = attempt(() => structuredClone({ kept, f() {} }, { transfer: [kept] }));
    return [values.map((value) => attempt(() => shown(structuredClone(value)))),
      copy !== cycle, copy.list[0] === copy, copy.list[1] === copy.list,
      moved.view.buffer === moved.buffer, moved.view.length, buffer.byteLength, failed, kept.byteLength,
      attempt(() => structuredClone(1, { transfer: [buffer] })), attempt(() => structuredClone(1, { transfer: [{}] })),
      attempt(() => structuredClone(kept, { transfer: [kept, kept] })), attempt(() => structuredClone()),
      attempt(() => structuredClone({ get a() { throw new Error("mine"); } }))];`);
});

test("messages go through channels, with what they carry", async () => {
  await expectSame(`
    const { port1, port2 } = new MessageChannel();
    const inner = new MessageChannel();
    const buffer = new ArrayBuffer(5);
    const order = [];
    const heard = new Promise((resolve) => { port2.onmessage = (event) => {
      order.push(event.data.n);
      if (event.data.n === 2) resolve(event);
    }; });
    port1.postMessage({ n: 1 });
    port1.postMessage({ n: 2, buffer, port: inner.port1 }, [buffer, inner.port1]);
    order.push("posted");
    const event = await heard;
    const echo = new Promise((resolve) => inner.port2.once("message", resolve));
    event.ports[0].postMessage("through");
    const closed = new Promise((resolve) => port2.on("close", () => resolve("closed")));
    const answer = await echo;
    const refused = [attempt(() => port1.postMessage()), attempt(() => port1.postMessage(1, [port1])),
      attempt(() => port1.postMessage(() => 1)), attempt(() => new MessagePort())];
    port1.close();
    inner.port2.close();
    const one = new BroadcastChannel("b");
    const two = new BroadcastChannel("b");
    const told = new Promise((resolve) => { two.onmessage = ({ data }) => resolve(data); });
    one.postMessage([1]);
    const shared = await told;
    one.close();
    two.close();
    return [order, event.constructor.name, event.data.port === event.ports[0], event.data.buffer.byteLength,
      buffer.byteLength, answer, await closed, refused.map(([name, code]) => [name, code]), shared];`);
});

test("Headers, Request, Response and FormData behave alike", async () => {
  await expectSame(`
    const form = new FormData();
    form.append("a", "1");
    form.append("f", new File(["abc"], "n.txt", { type: "text/x" }));
    const response = new Response(form);
    const again = await response.clone().formData();
    const file = again.get("f");
    const request = new Request("http://x.org/p?q#h", { method: "post", body: "é", headers: [["A", "1"], ["a", "2"]] });
    const stream = new Response(new ReadableStream({ start(c) { c.enqueue(new TextEncoder().encode("x")); c.close(); } }));
    const used = new Response("twice");
    await used.text();
    return [[...again.keys()], file.name, file.type, await file.text(), [...request.headers], request.method, request.url,
      await request.text(), await stream.text(), await rejected(used.text()), Response.json({ a: 1 }).headers.get("content-type"),
      Response.error().type, attempt(() => new Response("x", { status: 204 })), attempt(() => new Response("", { status: 99 })),
      attempt(() => Response.redirect("http://a/", 301).headers.get("location")), attempt(() => new Headers([["a"]])),
      attempt(() => new Headers({ "a b": "1" })), attempt(() => new Request("relative")),
      attempt(() => new Request("http://u:p@h/")), [...new Headers({ b: "1", a: "2", "set-cookie": "c" })],
      await (await fetch("data:text/plain;base64,aGk=")).text(), await rejected(fetch("about:blank"))];`);
});

test("streams, events, aborts, base64 and text behave alike", async () => {
  await expectSame(`
    const upper = new TransformStream({ transform: (chunk, c) => c.enqueue(chunk.toUpperCase()) });
    const texts = [];
    for await (const text of ReadableStream.from(["a", "b"]).pipeThrough(upper)) texts.push(text);
    const packed = new Blob(["pack me"]).stream().pipeThrough(new CompressionStream("gzip"));
    const unpacked = await new Response(packed.pipeThrough(new DecompressionStream("gzip"))).text();
    const signal = AbortSignal.any([AbortSignal.timeout(5), new AbortController().signal]);
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    const target = new EventTarget();
    const heard = [];
    target.addEventListener("x", (event) => heard.push(event.type, event.detail), { once: true });
    target.dispatchEvent(new CustomEvent("x", { detail: 1 }));
    target.dispatchEvent(new CustomEvent("x", { detail: 2 }));
    return [texts, unpacked, signal.reason.name, signal.reason.code, heard, atob(" YQ = ="), btoa("\\xff"), attempt(() => atob("*")),
      attempt(() => btoa("€")), new TextDecoder("utf-16le").decode(new Uint8Array([97, 0])), new TextDecoder("latin1").encoding,
      attempt(() => new TextDecoder("nope")), attempt(() => new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([255]))),
      performance.now() >= 0, performance.mark("m").name, performance.getEntriesByName("m").length];`);
});

test("globals are as visible as in Node", async () => {
  const names = `["URL", "Blob", "fetch", "atob", "structuredClone", "performance", "crypto", "navigator", "setTimeout",
    "queueMicrotask", "global", "console", "process", "Buffer", "Headers", "ReadableStream", "AbortSignal", "DOMException"]`;
  await expectSame(`return ${names}.map((name) => {
    void globalThis[name];
    const { enumerable, configurable } = Object.getOwnPropertyDescriptor(globalThis, name);
    return [name, enumerable, configurable, typeof globalThis[name]];
  });`);
});
