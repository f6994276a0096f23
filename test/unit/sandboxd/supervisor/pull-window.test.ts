import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { HostPipes } from "../../../../sandboxd/supervisor/host-pipes.ts";
import { PullWindow } from "../../../../sandboxd/supervisor/pull-window.ts";

function wisher() {
  const wish = {
    wishedBytes: 0,
    comingBytes: 0,
    pulledBytes: 0,
    pull: (bytes: number) => void (wish.pulledBytes += bytes),
  };
  return wish;
}

test("however many wait for a full pipe, and give up, it has one listener", () => {
  const pipe = new PassThrough();
  pipe.write(Buffer.alloc(5 * 1024 * 1024));
  const window = new PullWindow(pipe, new HostPipes());
  for (let i = 0; i < 1000; i++) {
    const pulled = wisher();
    window.wish(pulled, 1000);
    window.forget(pulled);
  }
  expect(pipe.listenerCount("drain")).toBe(1);
});

test("whoever waits for a full pipe has its wish when the pipe is read", async () => {
  const pipe = new PassThrough();
  pipe.write(Buffer.alloc(5 * 1024 * 1024));
  const window = new PullWindow(pipe, new HostPipes());
  const [waiting, gone] = [wisher(), wisher()];
  window.wish(waiting, 1000);
  window.wish(gone, 1000);
  window.forget(gone);
  expect(waiting.pulledBytes).toBe(0);
  pipe.resume();
  await expect.poll(() => waiting.pulledBytes).toBe(1000);
  expect(gone.pulledBytes).toBe(0);
});
