import { expect, test } from "vitest";
import { Turns } from "../../../../sandboxd/broker/turns.ts";

const { signal } = new AbortController();

/** Asks for so many turns; gives what ends the first that were given, as they were given. */
function ask(turns: Turns, given: string[], containers: string[]) {
  const ends: (() => void)[] = [];
  for (const container of containers)
    void turns.take(container, signal).then((end) => {
      given.push(container);
      ends.push(end);
    });
  return ends;
}

test("go from container to container, however many of one wait", async () => {
  const turns = new Turns({ max: 2, maxPerContainer: 1, least: 1 });
  const given: string[] = [];
  const ends = ask(turns, given, ["a", "a", "a", "a", "b", "b", "c"]);
  for (let ended = 0; ended < 7; ended += 1) {
    await expect.poll(() => ends.length).toBeGreaterThan(ended);
    ends[ended]?.();
  }
  expect(given.slice(0, 5).toSorted()).toEqual(["a", "a", "b", "b", "c"]);
  expect(given).toHaveLength(7);
});

test("are kept back for whoever comes, where few hold many", async () => {
  const turns = new Turns({ max: 16, maxPerContainer: 16, least: 1 });
  const given: string[] = [];
  for (const container of ["a", "b", "c", "d"])
    ask(turns, given, Array<string>(16).fill(container));
  await expect.poll(() => new Set(given).size).toBe(4);
  expect(given.length).toBeLessThan(16);
});

test("are not kept by whoever gave up, waiting or not", async () => {
  const turns = new Turns({ max: 1, maxPerContainer: 1, least: 1 });
  const controller = new AbortController();
  const end = await turns.take("a", controller.signal);
  const waiting = turns.take("b", controller.signal);
  controller.abort();
  await expect(waiting).rejects.toThrow("aborted");
  await expect(turns.take("b", controller.signal)).rejects.toThrow("aborted");
  end();
  end();
  const next = await turns.take("c", signal);
  const given: string[] = [];
  ask(turns, given, ["d"]);
  await Promise.resolve();
  expect(given).toEqual([]);
  next();
  await expect.poll(() => given).toEqual(["d"]);
});
