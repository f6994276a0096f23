import { afterEach, expect, test, vi } from "vitest";
import { Turns, type TurnLimits } from "../../../../sandboxd/invoke/turns.ts";

const soon = () => performance.now() + 10_000;
const loopTurn = () => new Promise((resolve) => setImmediate(resolve));

function openTurns(
  maxRunningCalls: number,
  maxQueuedCalls: number,
  own: Record<string, TurnLimits> = {},
) {
  const turns = new Turns(
    { maxRunningCalls, maxQueuedCalls },
    {
      containerSettings: (container) =>
        own[container] && { limits: own[container] },
    },
  );
  const begun: string[] = [];
  return {
    turns,
    begun,
    /** Notes when the call begins; gives how its wait ended, or why it was refused. */
    call: async (container: string, dueAt = soon(), signal?: AbortSignal) => {
      const turn = turns.take(container, dueAt, signal);
      if (turn !== "turn" && "reason" in turn) return turn;
      const end = turn === "turn" ? turn : await turn;
      if (end === "turn") begun.push(container);
      return end;
    },
  };
}

afterEach(() => void vi.useRealTimers());

test("a call that finds nobody before it begins at once", () => {
  const { turns } = openTurns(1, 0);
  for (let call = 0; call < 5; call++) {
    expect(turns.take("acme", soon())).toBe("turn");
    turns.leave("acme");
  }
});

test("what may not run waits in the order it came, and what may not wait is refused by name", async () => {
  const { turns, call } = openTurns(1, 2);
  expect(await call("acme")).toBe("turn");
  const order: number[] = [];
  for (const number of [1, 2]) void call("acme").then(() => order.push(number));
  expect(await call("acme")).toMatchObject({
    reason: "concurrency",
    limit: { name: "queued_calls", value: 2, observed: 3 },
  });
  expect(await call("other")).toBe("turn");
  turns.leave("acme");
  await expect.poll(() => order).toEqual([1]);
  turns.leave("acme");
  await expect.poll(() => order).toEqual([1, 2]);
});

test("without a queue the limit that is named is that of running calls", async () => {
  const { call } = openTurns(1, 0);
  await call("acme");
  expect(await call("acme")).toMatchObject({
    limit: { name: "running_calls", value: 1, observed: 2 },
  });
});

test("a container's own limits hold for it, and 0 is the host's", async () => {
  const own = { small: { maxRunningCalls: 2, maxQueuedCalls: 0 } };
  const { turns, call } = openTurns(1, 1, own);
  expect(await call("small")).toBe("turn");
  expect(await call("small")).toBe("turn");
  void call("small");
  expect(turns.waitingCalls).toBe(1);
  expect(await call("small")).toMatchObject({
    limit: { name: "queued_calls", value: 1 },
  });
});

test("a call leaves the line when its time is over, and its place is free", async () => {
  const { call } = openTurns(1, 1);
  await call("acme");
  expect(await call("acme", performance.now() + 20)).toBe("expired");
  const next = call("acme");
  expect(await Promise.race([next, loopTurn()])).toBeUndefined();
});

test("a call that its caller gives up leaves the line at once", async () => {
  const { turns, call } = openTurns(1, 1);
  await call("acme");
  const caller = new AbortController();
  const given = call("acme", soon(), caller.signal);
  caller.abort();
  expect(turns.waitingCalls).toBe(0);
  expect(await given).toBe("given up");
});

test("a burst begins a few calls in each turn of the loop, and another container's call before the rest of it", async () => {
  const { begun, call } = openTurns(1000, 0);
  for (let number = 0; number < 200; number++) void call("loud");
  await loopTurn();
  expect(begun.length).toBeLessThanOrEqual(24);
  for (let number = 0; number < 20; number++) void call("quiet");
  await expect.poll(() => begun.length).toBe(220);
  // Those beyond a quiet container's own burst take turns with the loud one's.
  expect(begun.lastIndexOf("quiet")).toBeLessThan(60);
});

test("what waits only for a pause takes no place of those who wait for a call to end", async () => {
  const { call, turns } = openTurns(100, 1);
  const calls = Array.from({ length: 101 }, () => call("acme"));
  expect(await call("acme")).toMatchObject({ reason: "concurrency" });
  expect(await Promise.all(calls.slice(0, 100))).toEqual(
    Array.from({ length: 100 }, () => "turn"),
  );
  expect(turns.waitingCalls).toBe(1);
});

test("a container with more calls than may run cannot fill the loop, however fast they end", async () => {
  vi.useFakeTimers();
  const { turns, begun, call } = openTurns(10, 1000);
  for (let number = 0; number < 1000; number++)
    void call("acme").then(() => turns.leave("acme"));
  await vi.advanceTimersByTimeAsync(20);
  expect(begun.length).toBeGreaterThan(20);
  expect(begun.length).toBeLessThan(120);
  await vi.advanceTimersByTimeAsync(1000);
  expect(begun).toHaveLength(1000);
});
