import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  answerBytesPerSecond,
  readPaced,
} from "../../../../sandboxd/supervisor/paced-reading.ts";

const chunk = Buffer.alloc(64 * 1024);
const mebibyte = 1024 * 1024;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A process that always has more to send. */
function openPipe() {
  const pipe = new PassThrough({ highWaterMark: 256 * mebibyte });
  let takenBytes = 0;
  readPaced(
    pipe,
    () => performance.now(),
    ({ length }) => {
      takenBytes += length;
      return 0;
    },
  );
  return {
    send: (bytes: number) => {
      for (let sent = 0; sent < bytes; sent += chunk.length) pipe.write(chunk);
    },
    taken: () => takenBytes,
  };
}

test("what is sent at once is read in slices, with turns of the loop between them", async () => {
  const { send, taken } = openPipe();
  send(4 * mebibyte);
  await vi.advanceTimersByTimeAsync(0);
  const first = taken();
  expect(first).toBeLessThan(mebibyte);
  await vi.advanceTimersByTimeAsync(100);
  expect(taken()).toBe(4 * mebibyte);
});

test("a process that sends without end is read at its rate", async () => {
  const { send, taken } = openPipe();
  send(128 * mebibyte);
  await vi.advanceTimersByTimeAsync(3000);
  const steady = taken();
  await vi.advanceTimersByTimeAsync(2000);
  const perSecond = (taken() - steady) / 2;
  expect(perSecond).toBeGreaterThan(answerBytesPerSecond * 0.5);
  expect(perSecond).toBeLessThan(answerBytesPerSecond * 1.05);
});

test("a pause gives back what a single large answer takes", async () => {
  const { send, taken } = openPipe();
  for (let round = 1; round <= 3; round++) {
    send(6 * mebibyte);
    await vi.advanceTimersByTimeAsync(1000);
    expect(taken()).toBe(round * 6 * mebibyte);
  }
});
