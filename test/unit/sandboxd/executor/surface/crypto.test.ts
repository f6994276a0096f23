/** `crypto` inside an isolate, call by call beside plain Node's; and what one side makes by chance, the other accepts. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { answeredJson, startExecutor } from "../../../../support/executor.ts";
import { makeGiven } from "./crypto-given.ts";

const callsFile = join(import.meta.dirname, "crypto-calls.cjs");

type Outcomes = Record<string, unknown>;

test("every call answers as in plain Node, and so does every refusal", async () => {
  const given = makeGiven();
  const plain = await inPlainNode(given);
  const inside = await inIsolate(given);

  expect(Object.keys(inside)).toEqual(Object.keys(plain));
  const different = Object.keys(plain).filter(
    (name) => JSON.stringify(inside[name]) !== JSON.stringify(plain[name]),
  );
  for (const name of different)
    expect.soft({ [name]: inside[name] }).toEqual({ [name]: plain[name] });
  expect(Object.keys(plain).length).toBeGreaterThan(180);
});

async function inPlainNode(given: object): Promise<Outcomes> {
  const run: unknown = createRequire(import.meta.url)(callsFile);
  if (typeof run !== "function") throw new Error("no function to run");
  const outcomes: unknown = await Reflect.apply(run, undefined, [given]);
  return copied(outcomes);
}

async function inIsolate(given: object): Promise<Outcomes> {
  await using executor = await startExecutor({ heapLimitMb: 256 });
  const version = await executor.loaded(
    `const calls = { exports: {} };
     (function (module) { ${readFileSync(callsFile, "utf8")} })(calls);
     module.exports = (ctx, cb) => void calls.exports(ctx.body).then((made) => cb(null, made), cb);`,
  );
  const outcome = await executor.invoke(version, {
    payload: JSON.stringify(given),
    syncMs: 20_000,
    wallMs: 40_000,
  });
  return copied(answeredJson(outcome));
}

function copied(outcomes: unknown): Outcomes {
  const copy: Outcomes = JSON.parse(JSON.stringify(outcomes));
  return copy;
}
