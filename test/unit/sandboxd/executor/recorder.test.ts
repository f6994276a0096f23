/** Whoever patches the language before Node's library is first loaded is handed parts of it, but nothing that leads out. */
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { expect, onTestFinished, test } from "vitest";
import { answeredJson, startExecutor } from "../../../support/executor.ts";
import { startRawHost } from "../../../support/raw-hosts.ts";

const source = readFileSync(new URL("recorder.cjs", import.meta.url), "utf8");
const modules = builtinModules.filter(
  (name) => !name.startsWith("_") && !name.includes("/"),
);

test.each([
  ["one after the other", modules],
  ["the other way round", modules.toReversed()],
])(
  "of what Node's library is handed to recorders, nothing leads out: %s",
  async (_order, names) => {
    await using executor = await startExecutor({ heapLimitMb: 256 });
    const { failure } = await executor.load(
      `const MODULES = ${JSON.stringify(names)};\n${source}`,
      { version: "recorder@1" },
    );
    expect(failure).toBeUndefined();
    const outcome = await executor.invoke("recorder@1", {
      payload: "{}",
      syncMs: 60_000,
      wallMs: 60_000,
      cpuMs: 60_000,
    });
    const told = answeredJson(outcome);
    expect(told).toMatchObject({ found: [], failed: [] });
    // It saw what there is to see, or all this says nothing.
    expect(Reflect.get(Object(told), "functions")).toBeGreaterThan(2000);
    expect(Reflect.get(Object(told), "count")).toBeGreaterThan(20_000);
  },
  90_000,
);

test("what is looked for would be found", async () => {
  const raw = await startRawHost();
  onTestFinished(() => raw.close());
  const [isRaw] = /const isRaw = [^]*?\n\};/.exec(source) ?? [];
  const { said } = await raw.run(
    `const { toString } = Function.prototype; ${isRaw}
    return [host, Math.max, () => 1, Math.max.bind(1)].map(isRaw).join();`,
  );
  expect(said).toBe("true,false,false,false");
});
