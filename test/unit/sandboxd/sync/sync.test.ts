import { expect, test, vi } from "vitest";
import { HeldState } from "../../../../proto/gen/annex/sync/v1/sync.ts";
import { extensionState, patience, sha256 } from "./fake-control-plane.ts";
import { startHost, temporaryFolder } from "./host.ts";

test("serves what the first sync told, and says what it holds", async () => {
  const host = await startHost(await temporaryFolder());
  const stream = await host.controlPlane.stream(0);
  expect(stream.hello).toMatchObject({
    host: "host-1",
    runtimes: ["2026.1"],
    position: undefined,
    held: [],
  });
  stream.welcome("h1");
  const container = stream.change(1n, {
    $case: "container",
    value: { container: "acme" },
  });
  const keys = stream.change(1n, {
    $case: "keys",
    value: { jwks: '{"keys":[{"kty":"OKP","kid":"k1"}]}' },
  });
  const revoked = stream.change(1n, {
    $case: "revocations",
    value: { tokens: [{ jti: "stolen", expiresAtS: 0n }] },
  });
  const published = stream.change(
    1n,
    extensionState({ points: ["login"], secrets: { KEY: "s3cret" } }),
  );
  stream.caughtUp(1n);

  for (const nonce of [container, keys, revoked])
    expect((await stream.ack(nonce)).refusal).toBeUndefined();
  expect(await stream.ack(published)).toMatchObject({
    refusal: undefined,
    held: {
      container: "acme",
      extension: "hello",
      version: 1,
      state: HeldState.COMPILED,
    },
  });
  expect(host.catalog.bound("acme", "login")).toMatchObject({
    extension: "hello",
    secrets: { KEY: "s3cret" },
  });
  expect(host.catalog.keys().keys).toEqual([{ kty: "OKP", kid: "k1" }]);
  expect(host.catalog.isRevoked("stolen")).toBe(true);
  const bundle = await host.catalog.readBundle(sha256("version 1"));
  expect(bundle.content.toString()).toBe('version 1{"mappings":""}');
  expect(bundle.bundleBytes).toBe(9);
  await vi.waitFor(
    () =>
      expect(host.catalog.position()).toEqual({
        historyId: "h1",
        revision: 1n,
      }),
    patience,
  );
  expect(host.sync.status()).toMatchObject({ connected: true, caughtUp: true });
});
