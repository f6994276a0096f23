import { expect, test } from "vitest";
import { HeldPayloads } from "../../../../sandboxd/invoke/held-payloads.ts";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

function openHeld(maxHeldMb = 64, maxHeldPerContainerMb = 16) {
  return new HeldPayloads({
    maxHeldPayloadBytes: maxHeldMb * mebibyte,
    maxHeldPayloadBytesPerContainer: maxHeldPerContainerMb * mebibyte,
  });
}

/** How many payloads of a mebibyte are let in. */
function fill(held: HeldPayloads, container: string): number {
  let count = 0;
  while (count < 1000 && !held.take(container, mebibyte)) count++;
  return count;
}

test("a container holds so much and no more, and is told which limit that is", () => {
  const held = openHeld();
  expect(fill(held, "acme")).toBe(16);
  expect(held.take("acme", mebibyte)).toMatchObject({
    reason: "concurrency",
    limit: {
      name: "held_payload_bytes",
      value: 16 * mebibyte,
      observed: 17 * mebibyte,
    },
  });
  held.release("acme", mebibyte);
  expect(fill(held, "acme")).toBe(1);
});

test("small payloads are let in whatever is held", () => {
  const held = openHeld();
  for (const container of ["a", "b", "c", "d", "e"]) fill(held, container);
  for (let call = 0; call < 10_000; call++)
    expect(held.take("a", 16 * kibibyte)).toBeUndefined();
});

test("however many containers take all they can, a host holds no more than it may, and comes to have room for the next one", () => {
  const held = openHeld();
  const loud = Array.from({ length: 10 }, (_, number) => {
    const name = `loud-${number}`;
    return { name, count: fill(held, name) };
  });
  expect(held.bytes).toBe(64 * mebibyte);
  for (let round = 0; round < 20; round++)
    for (const one of loud) {
      if (one.count > 0) held.release(one.name, mebibyte);
      one.count += fill(held, one.name) - Math.min(1, one.count);
      expect(held.bytes).toBeLessThanOrEqual(64 * mebibyte);
    }
  expect(Math.min(...loud.map(({ count }) => count))).toBeGreaterThan(2);
  expect(fill(held, "quiet")).toBeGreaterThan(1);
  expect(held.take("late", 7 * mebibyte)).toMatchObject({
    limit: { name: "host_held_payload_bytes", value: 64 * mebibyte },
  });
});

test("one call alone is let in however large", () => {
  const held = openHeld(1, 1);
  expect(held.take("acme", 7 * mebibyte)).toBeUndefined();
  held.release("acme", 7 * mebibyte);
  expect(held.bytes).toBe(0);
  expect(held.take("acme", 7 * mebibyte)).toBeUndefined();
});
