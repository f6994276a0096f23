import { expect, test } from "vitest";
import { startTestControlPlane } from "../../../support/controlplane.ts";

test.each([
  [
    "TokenService/IssueToken",
    { claims: { kind: "TOKEN_KIND_ADMIN", expiresAt: 1999999999 } },
    "expiresAt",
  ],
  [
    "ContainerService/CreateContainer",
    { name: "acme", validateonly: true },
    "validateonly",
  ],
  [
    "ExtensionService/UpdateExtension",
    { container: "a", extension: "b", enabled: "false" },
    "enabled",
  ],
  ["ContainerService/ListContainers", { pageSize: "x" }, "page_size"],
])("%s refuses %j, naming the field", async (method, body, field) => {
  const controlplane = await startTestControlPlane();
  const response = await fetch(
    `http://${controlplane.httpAddress.replace(/^http:\/\//, "")}/annex.control.v1.${method}`,
    {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${await controlplane.adminToken()}`,
      },
      body: JSON.stringify(body),
    },
  );
  expect(response.status).toBe(400);
  const answer: unknown = await response.json();
  expect(answer).toMatchObject({ code: "invalid_argument" });
  expect(JSON.stringify(answer)).toContain(field);
});
