/** Containers that an admin put into one trust group share an executor, until one of them ends it. */
import { expect, test } from "vitest";
import { startAnnex, type TestAnnex } from "../support/annex.ts";
import { metricOf } from "../support/metrics.ts";

const source = `module.exports = (ctx, cb) => {
  const isFirst = globalThis.seen === undefined;
  globalThis.seen = true;
  cb(null, { isFirst, secret: ctx.secrets.word });
};`;
const hang =
  "module.exports = (cb) => cb(null, [].indexOf.call({ length: 2 ** 53 - 1 }, 1));";

async function assigned(annex: TestAnnex): Promise<number> {
  return await metricOf(annex.gateway, "annex_executors", {
    state: "assigned",
  });
}

async function groupOf(annex: TestAnnex, ...containers: string[]) {
  for (const name of containers) {
    await annex
      .control("containers")
      .createContainer({ name, trustGroup: "friends" });
    await annex.publish(name, "who", source, {
      secrets: { word: `of-${name}` },
    });
  }
}

test("containers of a group share a process and nothing else", async () => {
  const annex = await startAnnex();
  await groupOf(annex, "ann", "bob");
  await annex.createContainer("eve");
  await annex.publish("eve", "who", source, { secrets: { word: "of-eve" } });
  const client = annex.client();
  for (const container of ["ann", "bob", "eve"])
    expect(await client.invoke({ container, extension: "who" })).toMatchObject({
      kind: "result",
      payload: { isFirst: true, secret: `of-${container}` },
    });
  await expect.poll(() => assigned(annex)).toBe(2);
});

test("the one that kills the shared executor is moved out alone", async () => {
  const annex = await startAnnex({
    sandboxd: ["--sync-ms", "100", "--wall-ms", "300"],
  });
  await groupOf(annex, "ann", "bob", "mallory");
  await annex.publish("mallory", "hang", hang);
  const client = annex.client();
  const who = (container: string) =>
    client.invoke({ container, extension: "who" });
  await who("ann");
  await who("mallory");
  await expect.poll(() => assigned(annex)).toBe(1);
  expect(
    await client.invoke({ container: "mallory", extension: "hang" }),
  ).toMatchObject({ kind: "failure" });

  for (const container of ["ann", "bob", "mallory"])
    await expect
      .poll(() => who(container))
      .toMatchObject({
        kind: "result",
        payload: { secret: `of-${container}` },
      });
  await expect.poll(() => assigned(annex)).toBe(2);
});
