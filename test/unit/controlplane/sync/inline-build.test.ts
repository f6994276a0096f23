import { expect, test } from "vitest";
import { SyncServiceDefinition } from "../../../../proto/gen/annex/sync/v1/sync.ts";
import { TokenKind } from "../../../../proto/gen/annex/control/v1/token.ts";
import { connectRpc } from "../../../../proto/rpc/client.ts";
import {
  adminOf,
  startTestControlPlane,
} from "../../../support/controlplane.ts";

test("builds JavaScript with a top-level return, ES modules and TypeScript for a host", async () => {
  const { build } = await hostClient();
  for (const source of [
    "return function (cb) { cb(null, 1); }",
    "export default (ctx) => 1;",
    "type T = number; export default (n: T): T => n;",
  ]) {
    const { outcome } = await build({ container: "acme", source });
    expect(outcome?.$case).toBe("bundle");
  }
});

test("tells the author of TypeScript about TypeScript, with file, line and column", async () => {
  const { build } = await hostClient();
  const source = "const a: number = 1;\nexport default a ==== 2;\n";
  const { outcome } = await build({ container: "acme", source });
  expect(outcome).toMatchObject({
    $case: "refusal",
    value: { reason: "syntax", file: "index.ts", line: 2, column: 21 },
  });
});

test("tells a missing module from a fault of the grammar", async () => {
  const { build } = await hostClient();
  const source = "import x from 'left-pad'; export default x;";
  const { outcome } = await build({ container: "acme", source });
  expect(outcome).toMatchObject({
    $case: "refusal",
    value: { reason: "module_not_found", line: 1 },
  });
});

test("refuses a source above 1 MiB, and callers without a join token", async () => {
  const { build, buildAs } = await hostClient();
  const large = "x".repeat(1024 * 1024 + 1);
  await expect(
    build({ container: "acme", source: large }),
  ).rejects.toMatchObject({ code: "exhausted" });
  await expect(buildAs("")).rejects.toMatchObject({ code: "unauthenticated" });
});

async function hostClient() {
  const controlplane = await startTestControlPlane();
  const admin = await adminOf(controlplane);
  const { token } = await admin.tokens.issueToken({
    claims: { kind: TokenKind.JOIN },
  });
  const address = controlplane.grpcAddress;
  const client = (bearer: string) =>
    connectRpc(SyncServiceDefinition, { address, token: bearer }).client;
  return {
    build: (request: { container: string; source: string }) =>
      client(token).build(request),
    buildAs: (bearer: string) =>
      client(bearer).build({ container: "acme", source: "1" }),
  };
}
