import { once } from "node:events";
import { expect, it } from "vitest";
import { withinTime } from "../../../../controlplane/build/time-limit.ts";

const untilEnded = async (ended: AbortSignal) => {
  await once(ended, "abort");
  ended.throwIfAborted();
};

it("says which limit ended the work, or that its caller did", async () => {
  const late = withinTime({ timeoutMs: 1, signal: undefined }, untilEnded);
  await expect(late).rejects.toMatchObject({
    code: "invalid",
    message: expect.stringContaining("the limit build_time of 1 ms"),
  });
  const caller = new AbortController();
  const limit = { timeoutMs: 60_000, signal: caller.signal };
  const given = withinTime(limit, untilEnded);
  caller.abort();
  await expect(given).rejects.toMatchObject({ code: "cancelled" });
});

it("leaves to work that was not ended what it gives and what it throws", async () => {
  const limit = { timeoutMs: 60_000, signal: undefined };
  expect(await withinTime(limit, () => Promise.resolve(7))).toBe(7);
  const thrown = withinTime(limit, () => Promise.reject(new Error("own")));
  await expect(thrown).rejects.toThrow("own");
});
