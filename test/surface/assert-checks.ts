/** The checks of assert and assert/strict: each member with what passes, and with the words in which it fails. */
import type nodeAssert from "node:assert";
import { member, rejected, thrown, type Check } from "./check.ts";

type Assert = typeof nodeAssert;

/** One whose stack is the same wherever it is made. */
function errorOf(message: string): Error {
  return Object.assign(new Error(message), { stack: `Error: ${message}` });
}

/** Pairs of values that the comparisons tell apart in different ways. */
const pairs: [unknown, unknown][] = [
  [1, 1],
  [1, "1"],
  [Number.NaN, Number.NaN],
  [0, -0],
  [
    { a: 1, b: [1, 2] },
    { a: 1, b: [1, 2] },
  ],
  [{ a: 1, b: 2 }, { a: 1 }],
  [
    [1, 2, 3],
    [1, 2, "3"],
  ],
  [new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]])],
  [new Set([1, 2]), new Set([2, 3])],
  [new Date(0), new Date(0)],
  [/a/g, /a/i],
  [errorOf("a"), errorOf("b")],
  ["one\ntwo\nthree", "one\n2\nthree"],
  [Buffer.from("a"), new Uint8Array([97])],
  [null, undefined],
];

export function assertChecks(assert: Assert): Record<string, Check> {
  const compared = (holder: object, name: string) =>
    pairs.map(([actual, expected]) => [
      thrown(() => member(holder, name)(actual, expected)),
      thrown(() => member(holder, name)(actual, expected, "in words")),
    ]);
  const checks: Record<string, Check> = {};
  const comparisons = [
    "equal",
    "notEqual",
    "deepEqual",
    "notDeepEqual",
    "deepStrictEqual",
    "notDeepStrictEqual",
    "strictEqual",
    "notStrictEqual",
    "partialDeepStrictEqual",
  ];
  const own = () => Reflect.construct(Reflect.get(assert, "Assert"), []);
  for (const name of comparisons) {
    checks[name] = () => compared(assert, name);
    checks[`Assert#${name}`] = () => compared(own(), name);
  }
  const others = Object.entries(otherChecks());
  for (const [name, check] of others) {
    checks[name] = () => check(assert);
    checks[`Assert#${name}`] = () => check(own());
  }
  return {
    ...checks,
    AssertionError: () => {
      const error = new assert.AssertionError({
        actual: 1,
        expected: 2,
        operator: "strictEqual",
      });
      const { message, code, actual, expected, operator } = error;
      return [
        message,
        code,
        actual,
        expected,
        operator,
        error.generatedMessage,
        error instanceof Error,
        new assert.AssertionError({ message: "mine" }).generatedMessage,
      ];
    },
    "AssertionError#toString": () =>
      new assert.AssertionError({ message: "mine" }).toString(),
    strict: () => [
      thrown(() => assert.strict.equal(1, member(Object, "String")("1"))),
      assert.strict.strict === assert.strict,
    ],
    Assert: () => {
      const made = own();
      return [
        thrown(() => made.equal(1, "1")),
        thrown(() => made.ok(false)),
        thrown(() => Reflect.apply(Reflect.get(assert, "Assert"), null, [])),
      ];
    },
  };
}

function otherChecks(): Record<string, (assert: Assert) => unknown> {
  const bad = () => {
    throw new TypeError("bad thing");
  };
  const badLater = () => Promise.reject(new TypeError("bad later"));
  return {
    fail: (assert) => [
      thrown(() => assert.fail()),
      thrown(() => assert.fail("in words")),
      thrown(() => assert.fail(new RangeError("mine"))),
    ],
    ok: (assert) => [
      thrown(() => assert.ok(1)),
      thrown(() => assert.ok(0, "in words")),
      thrown(() => member(assert, "ok")()),
    ],
    throws: (assert) => [
      thrown(() => assert.throws(bad)),
      thrown(() => assert.throws(bad, TypeError)),
      thrown(() => assert.throws(bad, /thing/)),
      thrown(() => assert.throws(bad, { name: "TypeError", message: "other" })),
      thrown(() => assert.throws(() => undefined)),
      thrown(() => assert.throws(bad, RangeError)),
    ],
    doesNotThrow: (assert) => [
      thrown(() => assert.doesNotThrow(() => undefined)),
      thrown(() => assert.doesNotThrow(bad, "in words")),
    ],
    rejects: async (assert) => [
      await rejected(assert.rejects(badLater, TypeError)),
      await rejected(assert.rejects(badLater(), /later/)),
      await rejected(assert.rejects(Promise.resolve(1))),
    ],
    doesNotReject: async (assert) => [
      await rejected(assert.doesNotReject(Promise.resolve(1))),
      await rejected(assert.doesNotReject(badLater)),
    ],
    ifError: (assert) => [
      thrown(() => assert.ifError(null)),
      thrown(() => assert.ifError(new Error("seen"))),
      thrown(() => assert.ifError("text")),
    ],
    match: (assert) => [
      thrown(() => assert.match("abc", /b/)),
      thrown(() => assert.match("abc", /x/)),
    ],
    doesNotMatch: (assert) => [
      thrown(() => assert.doesNotMatch("abc", /x/)),
      thrown(() => assert.doesNotMatch("abc", /b/)),
    ],
  };
}
