import { expect, test } from "vitest";
import { Pace } from "../../../../sandboxd/executor/pace.ts";

test("on an idle machine a slice lasts as long as its CPU time, and a little", () => {
  expect(new Pace().wallMsFor(50)).toBe(150);
});

test("where CPU time comes slowly, a slice may last until it is used up", () => {
  const pace = new Pace();
  pace.learn(75, 300);
  expect(pace.wallMsFor(200)).toBe(1300);
});

test("what one slice has learnt the next corrects, but for short ones", () => {
  const pace = new Pace();
  pace.learn(0, 1000);
  expect(pace.wallMsFor(10)).toBe(400);
  pace.learn(1, 10);
  expect(pace.wallMsFor(10)).toBe(400);
  pace.learn(50, 50);
  expect(pace.wallMsFor(10)).toBe(110);
});
