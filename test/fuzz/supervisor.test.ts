/** Executors by chance: what looks like replies, in any order and for anybody, to a real supervisor. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeFrame } from "../../sandboxd/frames.ts";
import type { ExecutorReply, InvokeRequest } from "../../sandboxd/protocol.ts";
import { fakeLauncher, type FakeExecutor } from "../support/fake-executors.ts";
import {
  callWith,
  startTestSupervisor,
  versionOf,
} from "../support/supervisor.ts";
import { mutantsOf } from "./mutants.ts";
import { executorReplies } from "./replies.ts";
import { fuzzSettings } from "./settings.ts";

const { isLong: _isLong, ...settings } = fuzzSettings(2000);

/** What an executor says: a reply, for a call of those it knows or any other, and what follows it. */
interface Saying {
  reply: ExecutorReply;
  whose: "mine" | "another's" | "nobody's" | "as it is";
  bodyBytes: number;
  times: number;
}

const sayings: fc.Arbitrary<Saying> = fc.record({
  reply: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...executorReplies) },
    {
      weight: 1,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it lies
      arbitrary: mutantsOf(executorReplies) as fc.Arbitrary<ExecutorReply>,
    },
  ),
  whose: fc.constantFrom("mine", "mine", "another's", "nobody's", "as it is"),
  bodyBytes: fc.constantFrom(0, 0, 0, 1, 1024, 100_000),
  times: fc.constantFrom(1, 1, 1, 2, 20, 1500),
});

const manySayings = fc.array(sayings, { maxLength: 8 });

test(
  "whatever executors say, every call has one outcome and others are not touched",
  { timeout: 3_600_000 },
  async () => {
    let script: Saying[] = [];
    const launcher = fakeLauncher({
      invoke: (executor, request) => {
        if (request.version.startsWith("canary/"))
          return executor.answer(request, "canary");
        for (const saying of script) say(executor, request, saying);
        setImmediate(() => executor.answer(request, "own"));
      },
    });
    const { supervisor, killed } = await startTestSupervisor(
      { poolSize: 2, quarantineAfter: 1_000_000, idleMs: 1e9, maxAgeMs: 1e9 },
      { launcher },
    );
    const canary = versionOf("", "hello@1", "canary");
    const askCanary = async () => {
      const { outcome } = await supervisor.run(canary, callWith({}));
      expect(payloadOf(outcome)).toBe('"canary"');
    };
    await askCanary();
    const pidOfCanary = () =>
      supervisor.pids().find(({ container }) => container === "canary")?.pid;
    const pid = pidOfCanary();
    const startBytes = process.memoryUsage().rss;

    await fc.assert(
      fc.asyncProperty(manySayings, async (given) => {
        script = given;
        const hostile = versionOf("", "bad@1", "hostile");
        const runs = [0, 1].map(() => supervisor.run(hostile, callWith({})));
        await askCanary();
        for (const { outcome } of await Promise.all(runs))
          expect(["answered", "failed"]).toContain(outcome.kind);
        await askCanary();
        expect(pidOfCanary()).toBe(pid);
      }),
      settings,
    );

    expect(killed.filter((cause) => cause !== "protocol")).toEqual([]);
    if (settings.numRuns >= 200) expect(killed).toContain("protocol");
    expect(process.memoryUsage().rss - startBytes).toBeLessThan(
      256 * 1024 * 1024,
    );
  },
);

function say(
  executor: FakeExecutor,
  request: InvokeRequest,
  { reply, whose, bodyBytes, times }: Saying,
): void {
  const ids = {
    mine: request.id,
    "another's": request.id + 1,
    "nobody's": 1_000_000,
  };
  const head = structuredClone(Object(reply));
  if (whose !== "as it is") head.id = ids[whose];
  const frame = encodeFrame(head, Buffer.alloc(bodyBytes));
  for (let said = 0; said < times; said++) executor.sendBytes(frame);
}

function payloadOf(outcome: {
  kind: string;
  payload?: Buffer;
}): string | undefined {
  return outcome.kind === "answered" ? outcome.payload?.toString() : undefined;
}
