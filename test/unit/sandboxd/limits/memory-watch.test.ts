import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test, vi } from "vitest";
import { startMemoryWatch } from "../../../../sandboxd/limits/memory-watch.ts";
import { parseStat } from "../../../../sandboxd/limits/process-stat.ts";

const mb = 1024 * 1024;

test("watches on when its thread has failed", async () => {
  const posted = vi.spyOn(Worker.prototype, "postMessage");
  onTestFinished(() => posted.mockRestore());
  const watch = await startMemoryWatch({
    maxProcesses: 40,
    log: { info: () => undefined, warn: () => undefined },
  });
  onTestFinished(() => watch.close());
  const child = spawn(
    process.execPath,
    [
      "-e",
      `process.stdin.once("data", () => { globalThis.kept = Buffer.alloc(512 << 20, 1); });
       console.log("up");`,
    ],
    { stdio: ["pipe", "pipe", "ignore"] },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  const pid = child.pid ?? 0;
  const stat = parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  const watched = watch.watch({
    pid,
    startTicks: stat?.startTicks ?? "",
    maxBytes: 1024 * mb,
  });
  const thread: unknown = posted.mock.contexts[0];
  if (!(thread instanceof Worker)) throw new Error("no thread was asked");
  await thread.terminate();
  // While there is no thread.
  watched.confine(128 * mb);
  child.stdin.write("go");
  await once(child, "exit");
  expect(child.signalCode).toBe("SIGKILL");
  expect(watched.isOutOfMemory()).toBe(true);
});
