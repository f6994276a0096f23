import { expect, test } from "vitest";
import { GuestLog } from "../../../../sandboxd/supervisor/guest-log.ts";

function linesOf(count: number, text = "") {
  const line = { level: "log" as const, timeMs: 1, text };
  return { lines: Array.from({ length: count }, () => line), dropped: 0 };
}

test("lines that come faster than their rate are counted and dropped, and those that come after it are kept", () => {
  let nowMs = 0;
  const log = new GuestLog(Infinity, () => nowMs);
  log.add(linesOf(1500));
  expect(log.take()).toMatchObject({ lines: { length: 1000 }, dropped: 500 });
  nowMs += 500;
  log.add(linesOf(200));
  expect(log.take()).toMatchObject({ lines: { length: 50 }, dropped: 150 });
  nowMs += 3_600_000;
  log.add(linesOf(1500));
  expect(log.take()).toMatchObject({ lines: { length: 1000 }, dropped: 500 });
});

test("a line longer than what is left is counted, and so is all after it", () => {
  const log = new GuestLog(1000, () => 0);
  log.add(linesOf(1, "short"));
  log.add(linesOf(1, "x".repeat(1000)));
  log.add(linesOf(1, "short"));
  expect(log.take()).toMatchObject({ lines: [{ text: "short" }], dropped: 2 });
});
