/** What util.inspect makes of values of every kind. */
import type { inspect as nodeInspect } from "node:util";

export function inspected(inspect: typeof nodeInspect): unknown {
  const circular: Record<string, unknown> = { a: 1 };
  circular["self"] = circular;
  class Point {
    x = 1;
    get y(): number {
      return 2;
    }
    [Symbol.toStringTag] = "Tagged";
  }
  const values: unknown[] = [
    circular,
    new Point(),
    [1, , "three", undefined], // oxlint-disable-line no-sparse-arrays -- a hole is one of the kinds
    new Map<unknown, unknown>([["a", { b: new Set([1]) }]]),
    new Set(["a"]).values(),
    Symbol("s"),
    12n,
    -0,
    "it's",
    `both ' and "`,
    Buffer.from("hi"),
    new Uint16Array([1, 2]),
    new Date(0),
    /re/gi,
    () => 1,
    class A extends Point {},
    Object.create(null, { hidden: { value: 1 } }),
    Promise.resolve(4),
    new Proxy({ a: 1 }, {}),
    new WeakMap(),
    Object("boxed"),
    { "needs quoting": 1, [Symbol("key")]: 2 },
    Array.from({ length: 120 }, (_, index) => index),
    { a: { b: { c: { d: 1 } } } },
    new (class Mine {
      [inspect.custom](): string {
        return "custom!";
      }
    })(),
    (function () {
      return arguments; // oxlint-disable-line prefer-rest-params -- arguments is one of the kinds
    })(),
    (function* () {})(),
    new ArrayBuffer(4),
  ];
  const error: Error = new RangeError("bad", { cause: "why" });
  error.stack = "RangeError: bad\n    at nowhere";
  return [
    values.map((each) => inspect(each)),
    inspect(error),
    inspect(
      { b: { c: {} }, a: "text", n: 1234567.891 },
      {
        depth: 0,
        colors: true,
        sorted: true,
        compact: false,
        numericSeparator: true,
        getters: true,
      },
    ),
    inspect(new Proxy({ a: 1 }, {}), { showProxy: true }),
    inspect([1], { showHidden: true }),
    inspect("x".repeat(40), { maxStringLength: 10 }),
    inspect(Array(20).fill("word"), { breakLength: 40, maxArrayLength: 10 }),
    inspect.defaultOptions.depth,
    inspect.colors["red"],
    String(inspect.custom),
  ];
}
