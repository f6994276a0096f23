/** A version that ends its executors again and again is taken out of service; nobody else is. */
import { expect, onTestFinished, test } from "vitest";
import { startAnnex, type TestAnnex } from "../support/annex.ts";

const quick = [
  "--sync-ms",
  "100",
  "--wall-ms",
  "300",
  "--quarantine-after",
  "3",
];
const good = "module.exports = (cb) => cb(null, 'good');";
/** V8 asks for no interrupt in there, so its process must be killed. */
const hang =
  "module.exports = (cb) => cb(null, [].indexOf.call({ length: 2 ** 53 - 1 }, 1));";

async function started(more: string[] = []): Promise<TestAnnex> {
  const annex = await startAnnex({ sandboxd: [...quick, ...more] });
  await annex.createContainer("acme");
  return annex;
}

/** Calls until the answer is other than the version's own. */
async function callUntilQuarantined(annex: TestAnnex, extension: string) {
  const client = annex.client();
  onTestFinished(() => client.close());
  await expect
    .poll(() => client.invoke({ container: "acme", extension }), {
      timeout: 25_000,
      interval: 0,
    })
    .not.toMatchObject({
      kind: "failure",
      reason: expect.stringMatching(/wall_time|executor_lost/),
    });
  return await client.invoke({ container: "acme", extension });
}

test("the last good version serves while the newest is quarantined, and its author is told", async () => {
  const annex = await started();
  await annex.publish("acme", "greet", good);
  await annex.publish("acme", "greet", hang, { create: false });
  const outcome = await callUntilQuarantined(annex, "greet");
  expect(outcome).toMatchObject({
    kind: "result",
    payload: "good",
    version: 1,
  });

  const extensions = annex.control("extensions");
  const name = { container: "acme", extension: "greet" };
  await expect
    .poll(
      async () =>
        (await extensions.getVersion({ ...name, number: 2 })).version
          ?.quarantines,
    )
    .toEqual([
      { host: "test-host", message: expect.stringContaining("executor") },
    ]);
  const { rollout } = await extensions.getRollout(name);
  expect(rollout?.quarantined).toMatchObject([{ host: "test-host" }]);

  await annex.sandboxd?.kill();
  await annex.startSandboxd();
  expect(
    await annex.client().invoke({ container: "acme", extension: "greet" }),
  ).toMatchObject({ kind: "result", payload: "good", version: 1 });

  await extensions.releaseQuarantine(name);
  const client = annex.client();
  await expect
    .poll(() => client.invoke({ container: "acme", extension: "greet" }))
    .toMatchObject({ kind: "failure", reason: "wall_time" });
});

test("without a version before it calls fail with the reason, and a new version serves at once", async () => {
  const annex = await started();
  await annex.publish("acme", "only", hang);
  const outcome = await callUntilQuarantined(annex, "only");
  expect(outcome).toMatchObject({
    kind: "failure",
    reason: "quarantined",
    source: "distribution",
    message: expect.stringContaining("release"),
  });
  await annex.publish("acme", "only", good, { create: false });
  expect(
    await annex.client().invoke({ container: "acme", extension: "only" }),
  ).toMatchObject({ kind: "result", payload: "good", version: 2 });
});

test("an extension that ran beside the guilty one is not quarantined", async () => {
  const annex = await started();
  await annex.publish("acme", "guilty", hang);
  await annex.publish(
    "acme",
    "innocent",
    "module.exports = (cb) => setTimeout(() => cb(null, 'innocent'), 50);",
  );
  const client = annex.client();
  const isOver = new AbortController();
  const besides = (async () => {
    while (!isOver.signal.aborted)
      await client.invoke({ container: "acme", extension: "innocent" });
  })();
  const outcome = await callUntilQuarantined(annex, "guilty");
  isOver.abort();
  await besides;
  expect(outcome).toMatchObject({ kind: "failure", reason: "quarantined" });
  expect(
    await client.invoke({ container: "acme", extension: "innocent" }),
  ).toMatchObject({ kind: "result", payload: "innocent" });
});
