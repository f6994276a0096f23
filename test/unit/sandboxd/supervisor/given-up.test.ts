/** Calls whose callers give them up, and what is left of that. */
import { getEventListeners } from "node:events";
import { PassThrough } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import type { Launcher } from "../../../../sandboxd/supervisor/launcher.ts";
import { fakeLauncher } from "../../../support/fake-executors.ts";
import {
  callWith,
  startTestSupervisor,
  versionOf,
} from "../../../support/supervisor.ts";

test("a signal that serves many calls keeps no listener of those that have ended", async () => {
  const { supervisor } = await startTestSupervisor(
    {},
    { launcher: fakeLauncher() },
  );
  const { signal } = new AbortController();
  for (let i = 0; i < 10; i++)
    await supervisor.run(versionOf(""), callWith({}), signal);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("a call given up before it came harms nobody where no executor can be started", async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  process.on("unhandledRejection", note);
  onTestFinished(() => void process.off("unhandledRejection", note));
  const working = fakeLauncher();
  const launcher: Launcher = {
    launch: (limits) =>
      working.executors.length === 0 ? working.launch(limits) : neverStarted(),
  };
  const { supervisor } = await startTestSupervisor({}, { launcher });
  await supervisor.run(versionOf(""), callWith({}));
  const other = versionOf("", "hello@1", "other");
  const run = await supervisor.run(other, callWith({}), AbortSignal.abort());
  expect(run.outcome.kind).toBe("cancelled");
  await new Promise(setImmediate);
  expect(unhandled).toEqual([]);
});

function neverStarted() {
  return {
    pid: 0,
    pipe: new PassThrough(),
    confine: () => undefined,
    kill: () => undefined,
    exited: Promise.resolve({ how: "gone", isOutOfMemory: false }),
  };
}
