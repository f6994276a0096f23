import { afterEach, expect, test, vi } from "vitest";
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

afterEach(() => void vi.useRealTimers());

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

test("a stream with 4000 refused calls a second rests for no more than a turn of the loop, so that its other calls go on", async () => {
  const { longestMs } = await refuseFor(1000, { streams: 1, perMs: 4 });
  expect(longestMs).toBeLessThanOrEqual(1);
});

test("streams that are refused calls share what a host refuses", async () => {
  const { refused } = await refuseFor(1000, { streams: 4, perMs: 100 });
  expect(refused).toBeLessThan(12_000);
  expect(refused).toBeGreaterThan(4000);
});

/** Sends what is refused, on streams that do not rest; gives how many that were, and the longest rest. */
async function refuseFor(
  ms: number,
  { streams, perMs }: { streams: number; perMs: number },
) {
  vi.useFakeTimers();
  const portions = new Portions();
  const all = Array.from({ length: streams }, () => portions.open(carrier()));
  const restedMs = all.map(() => 0);
  let refused = 0;
  let longestMs = 0;
  for (let now = 0; now < ms; now++) {
    for (const [index, portion] of all.entries()) {
      for (let sent = 0; sent < perMs && !portion.isResting; sent++) {
        portion.take(0);
        portion.refused();
        refused++;
      }
      const rested = portion.isResting ? (restedMs[index] ?? 0) + 1 : 0;
      restedMs[index] = rested;
      longestMs = Math.max(longestMs, rested);
    }
    await vi.advanceTimersByTimeAsync(1);
  }
  return { refused, longestMs };
}
