import { expect, it } from "vitest";
import { awaitTopLevel } from "../../../../sandboxd/executor/runtime/top-level.ts";

function outcomeOf(returned: unknown): Promise<unknown> {
  return new Promise((resolve) => {
    const isWaiting = awaitTopLevel(
      returned,
      () => resolve("ended"),
      (thrown) => resolve(thrown),
    );
    if (!isWaiting) resolve("over");
  });
}

it("waits for a promise, and tells how it ended", async () => {
  expect(await outcomeOf(Promise.resolve(1))).toBe("ended");
  expect(await outcomeOf(Promise.reject(new Error("no")))).toEqual(
    new Error("no"),
  );
});

it("waits for nothing else, whatever it pretends to be", async () => {
  const pretender = Object.assign(Object.create(Promise.prototype), {
    // oxlint-disable-next-line unicorn/no-thenable -- what a guest may return
    then: (resolve: () => void) => resolve(),
  });
  for (const returned of [undefined, null, 1, () => 1, {}, pretender])
    expect(await outcomeOf(returned)).toBe("over");
});
