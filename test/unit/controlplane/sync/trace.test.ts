import { expect, test } from "vitest";
import { ExtensionServiceDefinition } from "../../../../proto/gen/annex/control/v1/extension.ts";
import { connectHttp } from "../../../../proto/rpc/connect.ts";
import {
  adminOf,
  startTestControlPlane,
} from "../../../support/controlplane.ts";
import { joinAs } from "../../../support/fake-host.ts";

test("carries the trace of a publish on to the host", async () => {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  await admin.containers.createContainer({ name: "acme" });
  const host = await joinAs(controlplane);
  await host.untilCaughtUp();

  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const publisher = connectHttp(ExtensionServiceDefinition, {
    baseUrl: controlplane.httpAddress,
    token: await controlplane.adminToken(),
    headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
  });
  await publisher.publishVersion({
    container: "acme",
    extension: "greet",
    create: true,
    activate: true,
    files: [{ path: "index.js", content: Buffer.from("module.exports = 1") }],
  });

  const change = await host.nextChange();
  expect(change.traceparent.split("-")[1]).toBe(traceId);
});
