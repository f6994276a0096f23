import { expect, test } from "vitest";
import { settings } from "../../../sandboxd/settings.ts";

/** More is taken for 1 ms by a timer. */
const longestTimerMs = 2 ** 31 - 1;

test("no setting that is a time is longer than a timer can be", () => {
  const table = Object.values(settings());
  const times = table.filter(({ option }) => /-m?s$/.test(option.name()));
  expect(times.length).toBeGreaterThan(6);
  for (const { option } of times) {
    const unitMs = option.name().endsWith("-ms") ? 1 : 1000;
    const tooLong = String(Math.ceil(longestTimerMs / unitMs));
    expect(() => option.parseArg?.(tooLong, undefined), option.name()).toThrow(
      "at most",
    );
  }
});

test("what an invocation may take is bounded as the control plane bounds it", () => {
  const { wallMs } = settings();
  expect(wallMs.option.parseArg?.("300000", undefined)).toBe(300_000);
  expect(() => wallMs.option.parseArg?.("300001", undefined)).toThrow(
    "at most 300000",
  );
});
