/** What leads out of an isolate, in the hands of its guest: every operation with arguments by chance, nearly right ones too. */
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { createHostCalls } from "../../sandboxd/executor/host/host-calls.ts";
import { startRawHost } from "../support/raw-hosts.ts";
import { hostExamples } from "./host-examples.ts";
import { fuzzSettings } from "./settings.ts";

const { isLong, ...settings } = fuzzSettings(150);
/** Of one call, of CPU: what a key may cost at most, on a slow machine. */
const maxCallMs = 4000;
const maxResidentMb = 1024;

/** Arguments as the text of an expression: what structured clone carries, and what it does not. */
const odd = fc.constantFrom(
  ..."undefined null true -1 0 0.5 1 2 3 11 255 65537 2**20 2**31 2**32 2**53 -(2**31) NaN Infinity -0 10n 2n**70000n".split(
    " ",
  ),
  ...["", "x", "__proto__", "constructor", "toString", "sha256", "rsa"].map(
    (text) => JSON.stringify(text),
  ),
  '"\\ud800\\0\\r\\n"',
  '"x".repeat(20_000)',
  '"é.".repeat(600)',
  '"x".repeat(2**24 + 1)',
  "new Uint8Array(0)",
  "new Uint8Array(16)",
  "new Uint8Array(100_000).fill(255)",
  "new Uint8Array(9 * 2**20)",
  "new Uint8Array(new ArrayBuffer(64), 8, 16)",
  "detached()",
  "new Float64Array(4)",
  "new DataView(new ArrayBuffer(8))",
  "new ArrayBuffer(8)",
  "[]",
  "[1, 2]",
  "sparse()",
  "cyclic()",
  "deep(200)",
  "deep(4000)",
  "deep(100_000)",
  "wide()",
  "{}",
  '{ ["__proto__"]: { id: 1 } }',
  "{ id: 1, data: new Uint8Array(50_000), format: 'jwk' }",
  "{ id: 1, kind: 'private', format: 'jwk', data: { kty: 'RSA', n: 'x'.repeat(90_001), e: 'x'.repeat(90_001) } }",
  "{ get a() { throw new Error('mine') } }",
  "new Map([[1, 2]])",
  "new Date(NaN)",
  "/x/",
  "new Error('x')",
  "Object(1n)",
  "() => 1",
  "Symbol('s')",
);

const changes = fc.array(
  fc.record({ place: fc.nat(8), value: odd, inside: fc.boolean() }),
  { maxLength: 3 },
);

/** One call: an example, with some of its arguments replaced, or one more property in them. */
const callsOf = (name: string, examples: readonly string[][]) =>
  fc.tuple(fc.constantFrom(...examples), changes).map(([example, changed]) => {
    const given = [...example];
    for (const { place, value, inside } of changed) {
      const at = place % (given.length + 1);
      const old = given[at];
      const isOptions = inside && old !== undefined && old.startsWith("{");
      given[at] = isOptions ? withProperty(old, place, value) : value;
    }
    return callText([JSON.stringify(name), ...given]);
  });

/** What a getter among the arguments throws is the call's, too. */
function callText(given: readonly string[]): string {
  return `call(() => host(${given.join()}))`;
}

const optionNames =
  "id kind format data type from params outputLength modulusLength curve".split(
    " ",
  );

function withProperty(options: string, place: number, value: string): string {
  return `{ ...${options}, ${optionNames[place % optionNames.length]}: ${value} }`;
}

const helpers = `
  const detached = () => { const bytes = new Uint8Array(8); structuredDetach(bytes.buffer); return bytes; };
  const structuredDetach = (buffer) => { if (buffer.transfer) buffer.transfer(); };
  const sparse = () => { const list = []; list.length = 2 ** 27; return list; };
  const cyclic = () => { const list = []; list[0] = { list }; return list; };
  const deep = (depth) => { let list = []; while (depth-- > 0) list = [list]; return list; };
  const wide = () => { const of = {}; for (let at = 0; at < 20_000; at++) of["k" + at] = at; return of; };
  const told = [];
  const words = (value) => value === null || typeof value !== "object" ? typeof value : value.thrown ? JSON.stringify(value.thrown) : "object";
  const call = (work) => {
    try { told.push(words(work())); }
    catch (error) { told.push("!" + (error && (error.stack ?? error.message))); }
  };
`;

test("there are examples of every operation", () => {
  const heap = { limit: 0, total: 0, used: 0, external: 0 };
  const calls = createHostCalls({ heap: () => heap, stackAsRead: String });
  expect(Object.keys(hostExamples).toSorted()).toEqual(
    calls.names().toSorted(),
  );
  calls.close();
});

test(
  "whoever calls out of an isolate, with whatever, gets a value or an error of few words, in bounded time and memory",
  { timeout: isLong ? settings.numRuns * 10_000 : 180_000 },
  async () => {
    const raw = await startRawHost();
    onTestFinished(() => raw.close());
    const anyCall = fc.oneof(
      { maxDepth: 1 },
      ...Object.entries(hostExamples).map(([name, examples]) =>
        callsOf(name, examples),
      ),
      fc.tuple(odd, odd).map((given) => callText(given)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyCall, { minLength: 8, maxLength: 8 }),
        async (calls) => {
          const { said, entered, cpuMs, residentMb } = await raw.run(
            `${helpers}${calls.join(";")}; return told.join("\\n");`,
          );
          expect(entered).toBe("returned");
          expect(said).not.toMatch(
            /file:|\.ts\b|\.cjs|node:internal|process\./,
          );
          expect(cpuMs).toBeLessThan(calls.length * maxCallMs);
          expect(residentMb).toBeLessThan(maxResidentMb);
        },
      ),
      // What ended the process once would be blamed on every simpler case.
      { ...settings, endOnFailure: true },
    );
  },
);

test.each([
  [
    "many arguments",
    "Reflect.apply(host, undefined, new Array(50_000).fill(1))",
  ],
  [
    "nested objects",
    "{ let of = {}; for (let at = 0; at < 3000; at++) of = { of }; host('crypto.key', of); }",
  ],
  [
    "the end of the stack",
    "(function f() { try { f(); } catch (error) { host('clock'); throw error; } })()",
  ],
])(
  "where the stack ends by %s, no frame of the host is told",
  async (_, call) => {
    const raw = await startRawHost();
    onTestFinished(() => raw.close());
    const { said } = await raw.run(
      `try { ${call} } catch (error) { return error.stack; } return "no error";`,
    );
    expect(said).toContain("RangeError: Maximum call stack size exceeded");
    expect(said).not.toMatch(/file:|\.ts\b|processTicks/);
  },
);

test.each([
  ["flags of a parser", 'host("parser.open", 1, 0, NaN)', "number"],
  [
    "a length of plaintext",
    `host("crypto.cipher.open", 1, true, "aes-128-gcm", new Uint8Array(16), new Uint8Array(12), {}),
      host("crypto.cipher.extra", 1, new Uint8Array(4), 2 ** 31)`,
    "thrown",
  ],
  [
    "an operation of brotli",
    'host("zlib.write", host("zlib.open", 9, {}), 4, new Uint8Array(200_000), 100_000)',
    "thrown",
  ],
  [
    "a cost of scrypt that is none",
    'host("crypto.scrypt", new Uint8Array(1), new Uint8Array(1), 32, 0, 8, 4096, 2 ** 40)',
    "thrown",
  ],
  [
    "a list for a number",
    'host("zlib.open", Object.assign([], { length: 2 ** 28 }), {})',
    "thrown",
  ],
])("%s neither ends the process nor holds it", async (_, call, told) => {
  const raw = await startRawHost();
  onTestFinished(() => raw.close());
  const { said, cpuMs, residentMb } = await raw.run(
    `const told = (${call}); return told.thrown ? "thrown" : typeof told;`,
  );
  expect(said).toBe(told);
  expect(cpuMs).toBeLessThan(maxCallMs);
  expect(residentMb).toBeLessThan(maxResidentMb / 4);
});
