/** Proxies and the state of streams' promises inside the isolate, which only a realm's own memory can tell; as plain Node has them. */
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

const expectSame = (body: string) => expectSameBody(executor, body);

test("a proxy is known for one, however it was made, and revoked", async () => {
  await expectSame(`
    const { inspect, types } = require("util");
    const made = new Proxy({ a: 1 }, { get: () => "trapped", ownKeys: () => { throw new Error("asked"); } });
    const callable = new Proxy(function named() {}, {});
    const pair = Proxy.revocable([1, 2], {});
    const reflected = Reflect.construct(Proxy, [{}, {}]);
    const before = types.isProxy(pair.proxy);
    const shown = [inspect(made), inspect(made, { showProxy: true }), inspect(callable), inspect(pair.proxy), inspect({ made })];
    pair.revoke();
    return [[made, callable, reflected, {}, Proxy, null, 1].map(types.isProxy), before, shown, types.isProxy(pair.proxy),
      inspect(pair.proxy), inspect(new Proxy(made, {}), { showProxy: 1 })];`);
});

test("Proxy itself looks and refuses as the language's own", async () => {
  await expectSame(`
    const refused = (work) => { try { return work(); } catch (error) { return [error.name, error.message]; } };
    const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(globalThis, "Proxy");
    return [typeof Proxy, Proxy.name, Proxy.length, "prototype" in Proxy, Object.getOwnPropertyNames(Proxy).sort(),
      writable, enumerable, configurable, Object.getPrototypeOf(Proxy) === Function.prototype,
      refused(() => Proxy({}, {})), refused(() => new Proxy(1, {})), refused(() => new Proxy({})),
      refused(() => Proxy.revocable(1, 2)), refused(() => { class Extended extends Proxy {} }),
      JSON.stringify(new Proxy([1, 2], {})), new Proxy((a) => a + 1, {})(1),
      Object.prototype.toString.call(new Proxy([], {})), Array.isArray(new Proxy([], {}))];`);
});

test("headers from a proxy ask it what the standard says, in that order", async () => {
  await expectSame(`
    const asked = [];
    const handler = new Proxy({}, { get: (_, trap) => (target, ...rest) => {
      asked.push([trap, ...rest.filter((part) => typeof part !== "object").map(String)]);
      return Reflect[trap](target, ...rest);
    } });
    const record = Object.defineProperty({ a: "1", b: "2" }, "hidden", { value: "3", enumerable: false });
    const headers = new Headers(new Proxy(record, handler));
    return [[...headers], asked];`);
});

test("a writer whose promises were read before they settled is aborted, errored and closed", async () => {
  await expectSame(`
    const told = (promise) => promise.then(() => "done", (error) => String(error));
    const outcomes = [];
    for (const work of [
      (writer) => writer.abort(new Error("aborted")),
      (writer) => writer.close(),
      (writer) => { writer.write(1); return writer.abort(new Error("late")); },
      (writer, controller) => { controller.error(new Error("broken")); },
      (writer) => { writer.releaseLock(); },
    ]) {
      let controller;
      const stream = new WritableStream({ start: (c) => { controller = c; }, write: () => Promise.resolve() });
      const writer = stream.getWriter();
      const before = [writer.ready, writer.closed];
      await writer.ready;
      const result = told(Promise.resolve(work(writer, controller)));
      const after = [writer.ready, writer.closed];
      outcomes.push([await result, before[0] === after[0], before[1] === after[1],
        await Promise.all([...before, ...after].map(told))]);
    }
    return outcomes;`);
});
