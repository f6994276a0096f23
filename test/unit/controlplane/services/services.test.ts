/** The control services through the front: a real store, and both wires. */
import { describe, expect, test } from "vitest";
import { TokenKind } from "../../../../proto/gen/annex/control/v1/token.ts";
import {
  adminOf,
  callersOf,
  containerTokenOf,
  publish,
  startTestControlPlane,
  wires,
} from "../../../support/controlplane.ts";

const greet = { container: "acme", extension: "greet" };

describe.each(wires)("over %s", (wire) => {
  test("keeps containers, and refuses a name twice", async () => {
    const admin = await adminOf(await startTestControlPlane(), wire);
    const { container } = await admin.containers.createContainer({
      name: "acme",
    });
    expect(container?.createTime).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(await admin.containers.getContainer({ name: "acme" })).toEqual({
      container,
    });
    await expect(
      admin.containers.createContainer({ name: "acme" }),
    ).rejects.toMatchObject({ code: "already_exists" });
    await expect(
      admin.containers.deleteContainer({ name: "acme", etag: "stale" }),
    ).rejects.toMatchObject({ code: "conflict" });
    await admin.containers.deleteContainer({ name: "acme" });
    await expect(
      admin.containers.getContainer({ name: "acme" }),
    ).rejects.toMatchObject({ code: "not_found" });
  });

  test("lists in pages that name the next", async () => {
    const admin = await adminOf(await startTestControlPlane(), wire);
    for (const name of ["a", "b", "c"])
      await admin.containers.createContainer({ name });
    const first = await admin.containers.listContainers({ pageSize: 2 });
    expect(first.containers.map(({ name }) => name)).toEqual(["a", "b"]);
    const second = await admin.containers.listContainers({
      pageToken: first.nextPageToken,
    });
    expect(second.containers.map(({ name }) => name)).toEqual(["c"]);
    expect(second.nextPageToken).toBe("");
  });

  test("changes nothing where only validation was asked for", async () => {
    const admin = await adminOf(await startTestControlPlane(), wire);
    await admin.containers.createContainer({
      name: "acme",
      validateOnly: true,
    });
    expect((await admin.containers.listContainers({})).containers).toEqual([]);
    await admin.containers.createContainer({ name: "acme" });
    const { version } = await admin.extensions.publishVersion({
      ...greet,
      create: true,
      validateOnly: true,
      files: [{ path: "index.js", content: Buffer.from("module.exports = 1") }],
    });
    expect(version?.number).toBe(1);
    expect(
      (await admin.extensions.listExtensions({ container: "acme" })).extensions,
    ).toEqual([]);
  });

  test("publishes, activates, rolls back, and gives the source again", async () => {
    const admin = await adminOf(await startTestControlPlane(), wire);
    await admin.containers.createContainer({ name: "acme" });
    await publish(admin, greet, "module.exports = 1");
    const { extension, version } = await publish(
      admin,
      greet,
      "module.exports = 2",
    );
    expect(extension).toMatchObject({ activeVersion: 2, newestVersion: 2 });
    expect(version).toMatchObject({ number: 2, runtime: "2026.1" });
    const back = await admin.extensions.rollBackExtension(greet);
    expect(back.extension?.activeVersion).toBe(1);
    const { versions } = await admin.extensions.listVersions(greet);
    expect(versions.map(({ number, active }) => [number, active])).toEqual([
      [2, false],
      [1, true],
    ]);
    const got = await admin.extensions.getVersion({
      ...greet,
      number: 2,
      source: true,
    });
    expect(got.entry).toBe("index.js");
    expect(
      got.files.map(({ path, content }) => [path, String(content)]),
    ).toEqual([["index.js", "module.exports = 2"]]);
    await expect(
      admin.extensions.activateVersion({ ...greet, number: 9 }),
    ).rejects.toMatchObject({ code: "not_found" });
  });

  test("refuses source that does not build with file, line and column, and stores nothing", async () => {
    const admin = await adminOf(await startTestControlPlane(), wire);
    await admin.containers.createContainer({ name: "acme" });
    await expect(
      publish(admin, greet, "const a = 1;\nmodule.exports = = a;"),
    ).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringMatching(/^index\.js:2:18: /),
    });
    await expect(admin.extensions.getExtension(greet)).rejects.toMatchObject({
      code: "not_found",
    });
  });

  test("refuses source above its limit and names the limit", async () => {
    const admin = await adminOf(await startTestControlPlane(), wire);
    await admin.containers.createContainer({ name: "acme" });
    await expect(
      publish(admin, greet, `//${"x".repeat(1024 * 1024)}`),
    ).rejects.toMatchObject({
      code: "exhausted",
      message: expect.stringContaining("source_bytes is 1048576"),
    });
  });

  test("binds one extension at a point of a container", async () => {
    const admin = await adminOf(await startTestControlPlane(), wire);
    await admin.containers.createContainer({ name: "acme" });
    await admin.points.createPoint({ name: "login" });
    await publish(admin, greet, "module.exports = 1");
    await publish(admin, { ...greet, extension: "b" }, "module.exports = 2");
    await admin.points.bindExtension({ ...greet, point: "login" });
    await expect(
      admin.points.bindExtension({
        container: "acme",
        extension: "b",
        point: "login",
      }),
    ).rejects.toMatchObject({ code: "precondition" });
    expect(await admin.points.listBindings({ container: "acme" })).toEqual({
      bindings: [{ ...greet, point: "login" }],
    });
    await expect(
      admin.points.deletePoint({ name: "login" }),
    ).rejects.toMatchObject({ code: "precondition" });
    await admin.points.unbindExtension({ container: "acme", point: "login" });
    await admin.points.deletePoint({ name: "login" });
  });

  test("keeps secrets and never gives their values", async () => {
    const admin = await adminOf(await startTestControlPlane(), wire);
    await admin.containers.createContainer({ name: "acme" });
    await publish(admin, greet, "module.exports = 1");
    await admin.secrets.setSecret({ ...greet, name: "KEY", value: "s3cret" });
    const listed = await admin.secrets.listSecrets(greet);
    expect(listed.secrets).toMatchObject([{ ...greet, name: "KEY" }]);
    const shown = await admin.extensions.getExtension(greet);
    expect(shown.extension?.secretNames).toEqual(["KEY"]);
    expect(JSON.stringify([listed, shown])).not.toContain("s3cret");
    await admin.secrets.deleteSecret({ ...greet, name: "KEY" });
    expect((await admin.secrets.listSecrets(greet)).secrets).toEqual([]);
  });

  test("tells who brings no token from who may not", async () => {
    const controlplane = await startTestControlPlane();
    const admin = await adminOf(controlplane, wire);
    await admin.containers.createContainer({ name: "acme" });
    await admin.containers.createContainer({ name: "other" });
    const list = (token?: string) =>
      callersOf(controlplane, wire, token).containers.listContainers({});
    await expect(list()).rejects.toMatchObject({ code: "unauthenticated" });
    await expect(list("nonsense")).rejects.toMatchObject({
      code: "unauthenticated",
    });
    const manager = await containerTokenOf(admin, "acme");
    await expect(list(manager)).rejects.toMatchObject({ code: "denied" });
  });

  test("lets a container's token manage its containers only, and one for an extension nothing", async () => {
    const controlplane = await startTestControlPlane();
    const admin = await adminOf(controlplane, wire);
    await admin.containers.createContainer({ name: "acme" });
    await admin.containers.createContainer({ name: "other" });
    const manager = callersOf(
      controlplane,
      wire,
      await containerTokenOf(admin, "acme"),
    );
    await publish(manager, greet, "module.exports = 1");
    await manager.containers.getContainer({ name: "acme" });
    const elsewhere = { ...greet, container: "other" };
    const narrow = callersOf(
      controlplane,
      wire,
      await containerTokenOf(admin, "acme", "greet"),
    );
    for (const refused of [
      () => manager.extensions.getExtension(elsewhere),
      () => manager.secrets.setSecret({ ...elsewhere, name: "K", value: "v" }),
      () => manager.containers.getContainer({ name: "other" }),
      () => manager.containers.createContainer({ name: "third" }),
      () => manager.points.createPoint({ name: "login" }),
      () => manager.hosts.listHosts({}),
      () => narrow.extensions.getExtension(greet),
      () => narrow.extensions.updateExtension({ ...greet, enabled: false }),
      () => narrow.points.listPoints({}),
      () =>
        narrow.tokens.issueToken({
          claims: { kind: TokenKind.CONTAINER, containers: ["acme"] },
        }),
    ])
      await expect(refused()).rejects.toMatchObject({ code: "denied" });
  });

  test("revokes with a token all that was issued with it, and bounds how far that goes", async () => {
    const controlplane = await startTestControlPlane();
    const admin = await adminOf(controlplane, wire);
    await admin.containers.createContainer({ name: "acme" });
    const claims = { kind: TokenKind.CONTAINER, containers: ["acme"] };
    const first = await admin.tokens.issueToken({ claims });
    const chain = [first.token];
    for (let depth = 0; depth < 4; depth++) {
      const issuer = callersOf(controlplane, wire, chain.at(-1));
      chain.push((await issuer.tokens.issueToken({ claims })).token);
    }
    const deepest = callersOf(controlplane, wire, chain.at(-1));
    await expect(deepest.tokens.issueToken({ claims })).rejects.toMatchObject({
      code: "denied",
    });
    await deepest.containers.getContainer({ name: "acme" });
    await admin.tokens.revokeToken({
      subject: { $case: "token", value: first.token },
    });
    for (const token of chain)
      await expect(
        callersOf(controlplane, wire, token).containers.getContainer({
          name: "acme",
        }),
      ).rejects.toMatchObject({ code: "unauthenticated" });
  });

  test("issues tokens that may do no more than their issuer", async () => {
    const controlplane = await startTestControlPlane();
    const admin = await adminOf(controlplane, wire);
    const expiresAtS = BigInt(Math.floor(Date.now() / 1000) + 600);
    const { token } = await admin.tokens.issueToken({
      claims: { kind: TokenKind.CONTAINER, containers: ["acme"], expiresAtS },
    });
    const manager = callersOf(controlplane, wire, token);
    const own = await manager.tokens.issueToken({
      claims: { kind: TokenKind.CONTAINER, containers: ["acme"] },
    });
    expect(own.claims).toMatchObject({ containers: ["acme"], expiresAtS });
    for (const claims of [
      { kind: TokenKind.CONTAINER, containers: ["acme", "other"] },
      { kind: TokenKind.ADMIN },
      { kind: TokenKind.JOIN },
      {
        kind: TokenKind.CONTAINER,
        containers: ["acme"],
        expiresAtS: expiresAtS + 60n,
      },
    ])
      await expect(manager.tokens.issueToken({ claims })).rejects.toMatchObject(
        { code: "denied" },
      );
    for (const claims of [
      undefined,
      { kind: TokenKind.CONTAINER },
      { kind: TokenKind.CONTAINER, containers: ["*"] },
      { kind: TokenKind.CONTAINER, containers: ["acme"], expiresAtS: 1n },
      { kind: TokenKind.ADMIN, containers: ["acme"] },
    ])
      await expect(admin.tokens.issueToken({ claims })).rejects.toMatchObject({
        code: "invalid",
      });
  });

  test("refuses a revoked token from the revocation's answer on", async () => {
    const controlplane = await startTestControlPlane();
    const admin = await adminOf(controlplane, wire);
    await admin.containers.createContainer({ name: "acme" });
    const token = await containerTokenOf(admin, "acme");
    const manager = callersOf(controlplane, wire, token);
    await manager.containers.getContainer({ name: "acme" });
    expect(await admin.tokens.inspectToken({ token })).toMatchObject({
      valid: true,
      claims: { kind: TokenKind.CONTAINER, containers: ["acme"] },
    });
    await manager.tokens.revokeToken({
      subject: { $case: "token", value: token },
    });
    await expect(
      manager.containers.getContainer({ name: "acme" }),
    ).rejects.toMatchObject({ code: "unauthenticated" });
    expect(await admin.tokens.inspectToken({ token })).toMatchObject({
      valid: false,
      reason: expect.stringContaining("revoked"),
      claims: { kind: TokenKind.CONTAINER, containers: ["acme"] },
    });
  });

  test("tells what an expired token claimed, to whom may know, and nothing of one that is not ours", async () => {
    let nowMs = Date.now();
    const controlplane = await startTestControlPlane(undefined, () => nowMs);
    const admin = await adminOf(controlplane, wire);
    const expiresAtS = BigInt(Math.floor(nowMs / 1000) + 60);
    const containers = ["acme"];
    const { token } = await admin.tokens.issueToken({
      claims: { kind: TokenKind.CONTAINER, containers, expiresAtS },
    });
    nowMs += 3_600_000;
    expect(await admin.tokens.inspectToken({ token })).toMatchObject({
      valid: false,
      reason: expect.stringContaining("expired"),
      claims: { kind: TokenKind.CONTAINER, containers, expiresAtS },
    });
    const other = await containerTokenOf(admin, "other");
    await expect(
      callersOf(controlplane, wire, other).tokens.inspectToken({ token }),
    ).rejects.toMatchObject({ code: "denied" });
    const [head, body] = token.split(".");
    const forged = `${head}.${body}.${"A".repeat(86)}`;
    for (const foreign of [forged, "nonsense", "a.b.c", ""])
      expect(await admin.tokens.inspectToken({ token: foreign })).toMatchObject(
        { valid: false, claims: undefined },
      );
  });

  test("answers a rollout without hosts at once", async () => {
    const admin = await adminOf(await startTestControlPlane(), wire);
    await admin.containers.createContainer({ name: "acme" });
    await publish(admin, greet, "module.exports = 1");
    const { rollout } = await admin.extensions.getRollout({
      ...greet,
      waitMs: 60_000,
    });
    expect(rollout).toMatchObject({ version: 1, subscribed: 0 });
    await expect(
      admin.extensions.getRollout({ ...greet, waitMs: 60_001 }),
    ).rejects.toMatchObject({ code: "invalid" });
    await expect(admin.hosts.getHost({ name: "nobody" })).rejects.toMatchObject(
      { code: "not_found" },
    );
  });
});
