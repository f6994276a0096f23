/** Whatever an executor says on its pipe, the supervisor neither falls over nor forgets a caller. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeFrame } from "../../../../sandboxd/frames.ts";
import { fakeLauncher } from "../../../support/fake-executors.ts";
import { fakeGate } from "../../../support/fake-gate.ts";
import {
  callWith,
  startTestSupervisor,
  versionOf,
} from "../../../support/supervisor.ts";

const types = [
  "ready",
  "loaded",
  "answered",
  "failed",
  "displaced",
  "cancelled",
  "discarded",
  "logged",
  "egress",
  "egress-pull",
  "egress-abort",
];
/** Ids near those in use, numbers at their bounds, and anything else JSON can say. */
const value = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 8 }) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 32, 2 ** 53, -1, 0.5, 1e308) },
  { weight: 2, arbitrary: fc.constantFrom("GET", "log", "acme/a@1", "follow") },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);
const fields = [
  "id",
  "egress",
  "bytes",
  "effects",
  "runUs",
  "httpStatus",
  "contentType",
  "version",
  "failure",
  "method",
  "url",
  "dropped",
] as const;
const message = fc.record(
  {
    type: fc.constantFrom(...types),
    headers: fc.constantFrom([], [["a", "b"]], [[]], "x"),
    lines: fc.constantFrom([], [{ level: "log", timeMs: 1, text: "\n" }]),
    ...Object.fromEntries(fields.map((name) => [name, value])),
  },
  { requiredKeys: ["type"] },
);
const sentence = fc.oneof(
  { weight: 8, arbitrary: message.map((head) => encodeFrame(head)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(message, fc.uint8Array({ maxLength: 64 }))
      .map(([head, body]) => encodeFrame(head, body)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 32 }) },
);

test("every call has its end, and the next one its answer", async () => {
  let script: readonly Uint8Array[] = [];
  const launcher = fakeLauncher({
    invoke(executor, request) {
      if (!request.version.includes("hostile")) return executor.answer(request);
      for (const bytes of script) executor.sendBytes(bytes);
      executor.answer(request);
    },
    cancel: () => undefined,
  });
  const { supervisor } = await startTestSupervisor(
    { poolSize: 2, quarantineAfter: 1000 },
    { launcher, gate: fakeGate() },
  );
  const call = (key: string) =>
    supervisor.run(versionOf("", key), callWith({}, { wallMs: 200 }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(sentence, { minLength: 1, maxLength: 12 }),
      async (said) => {
        script = said;
        const { outcome } = await call("hostile@1");
        expect(["answered", "failed", "cancelled"]).toContain(outcome.kind);
        expect(await call("benign@1")).toMatchObject({
          outcome: { kind: "answered" },
        });
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);
