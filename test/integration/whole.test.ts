/** The story of the README: publish on the control plane, call on the host's socket. */
import { expect, test } from "vitest";
import { startAnnex } from "../support/annex.ts";

test("code published on the control plane answers a call on the host's socket", async () => {
  const annex = await startAnnex();
  await annex.createContainer("acme");
  const { rollout } = await annex.publish(
    "acme",
    "hello",
    "module.exports = (ctx, cb) => cb(null, { hello: ctx.data.name });",
  );
  expect(rollout).toMatchObject({
    version: 1,
    subscribed: 1,
    compiled: 1,
    refused: [],
  });
  const outcome = await annex.client().invoke({
    container: "acme",
    extension: "hello",
    payload: { name: "world" },
  });
  expect(outcome).toMatchObject({
    kind: "result",
    payload: { hello: "world" },
    version: 1,
  });
});
