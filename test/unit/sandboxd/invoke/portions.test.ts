import { expect, test, vi } from "vitest";
import { Portions } from "../../../../sandboxd/invoke/portions.ts";

function carrier() {
  return { pause: vi.fn<() => void>(), resume: vi.fn<() => void>() };
}

/** How many messages it takes until it rests. */
function fill(portion: ReturnType<Portions["open"]>): number {
  let count = 0;
  for (; !portion.isResting; count++) portion.take(0);
  return count;
}

test("a turn of the loop takes little more from many streams than from one", async () => {
  const portions = new Portions();
  const streams = Array.from({ length: 8 }, () => portions.open(carrier()));
  const counts = streams.map(fill);
  expect(counts[0]).toBe(16);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThan(50);
  await vi.waitFor(() =>
    expect(streams.some(({ isResting }) => isResting)).toBe(false),
  );
  expect(streams.slice(0, 1).map(fill)).toEqual([16]);
});

test("a stream whose calls are refused rests longer, for all of them together", async () => {
  const portions = new Portions();
  const refused = portions.open(carrier());
  const welcome = portions.open(carrier());
  fill(refused);
  for (let count = 0; count < 1000; count++) refused.refused();
  fill(welcome);
  const began = performance.now();
  await vi.waitFor(() => expect(welcome.isResting).toBe(false), {
    interval: 1,
  });
  expect(refused.isResting).toBe(true);
  await vi.waitFor(() => expect(refused.isResting).toBe(false), {
    interval: 1,
  });
  expect(performance.now() - began).toBeGreaterThan(8);
});

test("a stream goes on where its rest is over", async () => {
  const pipe = carrier();
  const portion = new Portions().open(pipe);
  portion.take(1024 * 1024);
  expect(pipe.pause).toHaveBeenCalledOnce();
  await vi.waitFor(() => expect(pipe.resume).toHaveBeenCalledOnce());
});
