import fc from "fast-check";
import { expect, test } from "vitest";
import { nextLookMs } from "../../../../sandboxd/limits/next-look.ts";

const mb = 1024 * 1024;

test("looks at least every 20 ms while a process grows", () => {
  expect(
    nextLookMs({
      beforeBytes: 50 * mb,
      residentBytes: 60 * mb,
      maxBytes: 4096 * mb,
    }),
  ).toBe(20);
});

test("looks seldom while it rests far below its limit", () => {
  expect(
    nextLookMs({
      beforeBytes: 60 * mb,
      residentBytes: 60 * mb,
      maxBytes: 4096 * mb,
    }),
  ).toBe(100);
});

test("looks again before 4 GiB a second could reach the limit, but for the last 8 MiB", () => {
  const bytes = fc.integer({ min: 0, max: 4096 * mb });
  fc.assert(
    fc.property(bytes, bytes, bytes, (beforeBytes, residentBytes, maxBytes) => {
      const ms = nextLookMs({ beforeBytes, residentBytes, maxBytes });
      expect(ms).toBeGreaterThanOrEqual(2);
      const reachableBytes = residentBytes + ms * 4 * mb;
      expect(reachableBytes).toBeLessThanOrEqual(
        Math.max(maxBytes, residentBytes) + 8 * mb,
      );
    }),
  );
});
