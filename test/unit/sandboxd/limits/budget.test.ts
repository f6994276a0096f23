import { expect, test } from "vitest";
import { createBudget } from "../../../../sandboxd/limits/budget.ts";

const mb = 1024 * 1024;

function budgetOf(limitMb: number, reserveMb: number) {
  return createBudget({
    limitBytes: limitMb * mb,
    reserveBytes: reserveMb * mb,
  });
}

test("never promises more than the limit less the reserve", () => {
  const budget = budgetOf(1024, 256);
  const first = budget.take(384);
  expect(budget.take(384)).toBeDefined();
  expect(budget.spentMb).toBe(768);
  expect(budget.take(1)).toBeUndefined();
  first?.();
  expect(budget.spentMb).toBe(384);
  expect(budget.take(384)).toBeDefined();
});

test("counts a promise back once, however often it is given back", () => {
  const budget = budgetOf(1024, 256);
  const giveBack = budget.take(384);
  budget.take(128);
  giveBack?.();
  giveBack?.();
  expect(budget.spentMb).toBe(128);
});

test("says what a small pod can give one executor at most, and gives it", () => {
  const budget = budgetOf(512, 256);
  expect(budget.largestMb).toBe(256);
  expect(budget.take(384)).toBeUndefined();
  expect(budget.take(budget.largestMb)).toBeDefined();
});

test("refuses to start where not even the smallest executor fits, saying what to do", () => {
  expect(() => budgetOf(300, 256)).toThrow(
    /memory limit of 300 MB .* at least 384 MB, or lower --reserve-mb/,
  );
});
