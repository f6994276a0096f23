import { createHmac } from "node:crypto";
import {
  base64url,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  SignJWT,
  type JSONWebKeySet,
} from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import {
  createTokenVerifier,
  generateSigningKey,
  maxTokenBytes,
  mayManage,
  mayRun,
  signToken,
  type ContainerClaims,
  type NewClaims,
  type TokenVerifierOptions,
  type VerifiedToken,
} from "../../../proto/token.ts";

type TestKey = Awaited<ReturnType<typeof generateSigningKey>>;

const nowS = 1_800_000_000;
const nowMs = nowS * 1000 + 321;
const notValid = "the token is not valid here";
const ourHeader = { alg: "EdDSA", kid: "k1", typ: "annex-container+jwt" };
const acme: NewClaims = {
  kind: "container",
  jti: "t1",
  containers: ["acme"],
  expiresAtS: nowS + 60,
};

let key: TestKey;
let otherKey: TestKey;

beforeAll(async () => {
  key = await generateSigningKey("k1");
  otherKey = await generateSigningKey("k2");
});

function verifierWith(options: Partial<TokenVerifierOptions> = {}) {
  const keySet: JSONWebKeySet = { keys: [key.publicKey] };
  return createTokenVerifier({
    jwks: () => keySet,
    isRevoked: () => false,
    now: () => nowMs,
    ...options,
  });
}

function cachedVerifier() {
  const state = {
    nowS,
    revoked: new Set<string>(),
    keySet: { keys: [key.publicKey, otherKey.publicKey] },
    cache: new Map<string, VerifiedToken>(),
  };
  const verifier = verifierWith({
    jwks: () => state.keySet,
    isRevoked: (jti) => state.revoked.has(jti),
    now: () => state.nowS * 1000,
    cache: state.cache,
  });
  return { state, verifier };
}

function sign(claims: NewClaims = acme, by: TestKey = key): Promise<string> {
  return signToken(claims, by, () => nowMs);
}

/** A token as somebody else's library might make it: our claims, but for what the test changes. */
async function forge(
  payload: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  by: TestKey = key,
): Promise<string> {
  const claims = {
    iss: "annex",
    aud: "annex",
    jti: "t1",
    iat: nowS,
    exp: nowS + 60,
    ten: "acme",
    ...payload,
  };
  return new SignJWT(claims)
    .setProtectedHeader({ ...ourHeader, ...header })
    .sign(await importJWK(by.privateKey, "EdDSA"), {
      crit: { "urn:example:strange": true },
    });
}

function encodeSegment(value: object): string {
  return base64url.encode(JSON.stringify(value));
}

async function expectRefused(token: string, message = notValid) {
  await expect(verifierWith().verify(token)).rejects.toMatchObject({
    name: "AnnexError",
    code: "unauthenticated",
    message,
  });
}

describe("a token that was signed here", () => {
  test("says the same of a container after the way", async () => {
    expect(await verifierWith().verify(await sign())).toEqual({
      ...acme,
      issuedAtS: nowS,
    });
  });

  test("carries webtask's claims", async () => {
    const token = await sign({
      ...acme,
      kind: "container",
      jti: "t2",
      containers: ["acme"],
      extension: "greet",
      notBeforeS: nowS,
    });
    const [header, payload] = token
      .split(".", 2)
      .map((part): unknown => JSON.parse(String(Buffer.from(part, "base64"))));
    expect(header).toEqual(ourHeader);
    expect(payload).toEqual({
      iss: "annex",
      aud: "annex",
      jti: "t2",
      iat: nowS,
      nbf: nowS,
      exp: nowS + 60,
      ten: "acme",
      jtn: "greet",
    });
  });

  test.each<NewClaims>([
    { kind: "admin", jti: "a" },
    { kind: "join", jti: "j" },
    { kind: "history", jti: "h", historyId: "new", revision: 7 },
    {
      kind: "history",
      jti: "h",
      historyId: "new",
      parentHistoryId: "old",
      revision: 0,
    },
    { kind: "container", jti: "c", containers: ["acme", "globex"] },
  ])("keeps its kind and claims: $kind", async (claims) => {
    expect(await verifierWith().verify(await sign(claims))).toEqual({
      ...claims,
      issuedAtS: nowS,
    });
  });

  test("is taken whichever of two keys signed it", async () => {
    const keySet = { keys: [key.publicKey, otherKey.publicKey] };
    const verifier = verifierWith({ jwks: () => keySet });
    await expect(verifier.verify(await sign())).resolves.toBeDefined();
    await expect(
      verifier.verify(await sign(acme, otherKey)),
    ).resolves.toBeDefined();
  });

  test("is taken within the clock skew and not beyond it", async () => {
    const token = await sign({ ...acme, expiresAtS: nowS });
    const at = (seconds: number) =>
      verifierWith({ now: () => (nowS + seconds) * 1000 }).verify(token);
    await expect(at(4)).resolves.toBeDefined();
    await expect(at(5)).rejects.toThrow("the token has expired");
  });

  test("is not made of claims that no verifier would take", async () => {
    const wrong: NewClaims[] = [
      { kind: "container", jti: "t", containers: [] },
      { kind: "container", jti: "t", containers: ["acme,globex"] },
      { kind: "container", jti: "t", containers: ["a", "b"], extension: "x" },
      { kind: "container", jti: "t", containers: ["a"], extension: "" },
      { kind: "admin", jti: "" },
      { kind: "admin", jti: "a", expiresAtS: Number.NaN },
      { kind: "history", jti: "h", historyId: "new", revision: -1 },
      { kind: "container", jti: "t", containers: ["a".repeat(maxTokenBytes)] },
    ];
    for (const claims of wrong)
      await expect(sign(claims), JSON.stringify(claims)).rejects.toMatchObject({
        code: "invalid",
      });
  });
});

describe("a defective token is refused", () => {
  test("but not for being made by hand: the forge's unchanged token is taken", async () => {
    await expect(verifierWith().verify(await forge())).resolves.toMatchObject({
      containers: ["acme"],
    });
  });

  test.each([
    ["is for another audience", { aud: "other" }],
    ["is of another issuer", { iss: "other" }],
    ["has no audience", { aud: undefined }],
    ["has no jti", { jti: undefined }],
    ["has a jti that is no string", { jti: 7 }],
    ["has no iat", { iat: undefined }],
    ["names no container", { ten: undefined }],
    ["names containers by array", { ten: ["acme"] }],
    ["names an empty container", { ten: "acme,,globex" }],
    ["has jtn with two containers", { ten: "acme,globex", jtn: "greet" }],
    ["has jtn of another type", { jtn: ["greet"] }],
    ["expires in text", { exp: "soon" }],
    ["begins in text", { nbf: "soon" }],
  ])("when it %s", async (_, payload) => {
    await expectRefused(await forge(payload));
  });

  test.each<[string, Record<string, unknown>]>([
    ["of an unknown type", { typ: "JWT" }],
    ["without a type", { typ: undefined }],
    ["of a type in other letters", { typ: "ANNEX-CONTAINER+JWT" }],
    ["without a kid", { kid: undefined }],
    ["with an unknown kid", { kid: "k9" }],
    ["with a path for a kid", { kid: "../../../../dev/null" }],
    ["with a URL for a kid", { kid: "file:///etc/passwd" }],
    ["with an inherited property for a kid", { kid: "__proto__" }],
    ["with crit", { crit: ["urn:example:strange"], "urn:example:strange": 1 }],
  ])("%s", async (_, header) => {
    await expectRefused(await forge({}, header));
  });

  test("with a known crit", async () => {
    await expectRefused(await forge({}, { crit: ["b64"], b64: true }));
  });

  test("after it expired, and says so", async () => {
    await expectRefused(
      await forge({ exp: nowS - 6 }),
      "the token has expired",
    );
  });

  test("before its time, and says so", async () => {
    await expectRefused(
      await forge({ nbf: nowS + 6 }),
      "the token is not valid yet",
    );
  });

  test("with a foreign key's signature under our kid", async () => {
    await expectRefused(await forge({}, {}, otherKey));
  });

  test("that is expired as well as forged, without telling of the time", async () => {
    await expectRefused(await forge({ exp: nowS - 60 }, {}, otherKey));
  });

  test("with a key of its own in its header", async () => {
    const header = { jwk: otherKey.publicKey, kid: otherKey.kid };
    await expectRefused(await forge({}, header, otherKey));
  });

  test("with alg none, signed by nobody", async () => {
    const [, payload, signature] = (await sign()).split(".");
    for (const alg of ["none", "None", "NONE", ""]) {
      const header = encodeSegment({ ...ourHeader, alg });
      await expectRefused(`${header}.${payload}.`);
      await expectRefused(`${header}.${payload}.${signature}`);
    }
  });

  test("with the public key used as an HMAC secret", async () => {
    const [, payload] = (await sign()).split(".");
    const publicKey = await importJWK(key.publicKey, "EdDSA");
    const secrets = [
      Buffer.from(String(key.publicKey.x), "base64url"),
      JSON.stringify(key.publicKey),
      publicKey instanceof Uint8Array ? "" : await exportSPKI(publicKey),
    ];
    for (const secret of secrets) {
      const header = encodeSegment({ ...ourHeader, alg: "HS256" });
      const mac = createHmac("sha256", secret).update(`${header}.${payload}`);
      await expectRefused(`${header}.${payload}.${mac.digest("base64url")}`);
    }
  });

  test("signed with RSA, even by a key that stands in our set", async () => {
    const pair = await generateKeyPair("RS256");
    const token = await new SignJWT({ jti: "t1", ten: "acme" })
      .setProtectedHeader({ ...ourHeader, alg: "RS256" })
      .setIssuer("annex")
      .setAudience("annex")
      .setIssuedAt(nowS)
      .sign(pair.privateKey);
    const rsa = { ...(await exportJWK(pair.publicKey)), kid: "k1" };
    const keySet = { keys: [rsa] };
    await expectRefused(token);
    await expect(
      verifierWith({ jwks: () => keySet }).verify(token),
    ).rejects.toThrow(notValid);
  });

  test("tampered with in any part", async () => {
    const token = await sign();
    const [header, payload, signature] = token.split(".");
    const more = encodeSegment({
      iss: "annex",
      aud: "annex",
      jti: "t1",
      iat: nowS,
      ten: "globex",
    });
    await expectRefused(`${header}.${more}.${signature}`);
    const admin = encodeSegment({ ...ourHeader, typ: "annex-admin+jwt" });
    await expectRefused(`${admin}.${payload}.${signature}`);
    const flipped = Buffer.from(String(signature), "base64url");
    flipped[10] = (flipped[10] ?? 0) ^ 1;
    await expectRefused(
      `${header}.${payload}.${flipped.toString("base64url")}`,
    );
  });

  test("truncated anywhere, or no token at all", async () => {
    const token = await sign();
    for (let length = 0; length < token.length; length += 7)
      await expectRefused(token.slice(0, length));
    for (const text of [
      "a.b.c",
      "..",
      "{}",
      "ä.ö.ü",
      `${token}.x`,
      ` ${token}`,
    ])
      await expectRefused(text);
  });

  test("longer than the limit", async () => {
    const token = await forge({ padding: "x".repeat(maxTokenBytes) });
    await expectRefused(token);
  });

  test("once it is revoked", async () => {
    const verifier = verifierWith({ isRevoked: (jti) => jti === "t1" });
    await expect(verifier.verify(await sign())).rejects.toThrow(notValid);
    await expect(
      verifier.verify(await sign({ ...acme, jti: "t2" })),
    ).resolves.toBeDefined();
  });

  test("once its key is withdrawn", async () => {
    let keySet: JSONWebKeySet = { keys: [key.publicKey, otherKey.publicKey] };
    const verifier = verifierWith({ jwks: () => keySet });
    const token = await sign();
    await expect(verifier.verify(token)).resolves.toBeDefined();
    keySet = { keys: [otherKey.publicKey] };
    await expect(verifier.verify(token)).rejects.toThrow(notValid);
  });
});

describe("a verifier with a cache", () => {
  test("checks a signature once", async () => {
    const { state, verifier } = cachedVerifier();
    const token = await sign();
    const claims = await verifier.verify(token);
    expect(await verifier.verify(token)).toBe(claims);
    expect([...state.cache.keys()].join()).not.toContain(token);
  });

  test("keeps nothing of a token it refused", async () => {
    const { state, verifier } = cachedVerifier();
    const token = await forge({ aud: "other" });
    await expect(verifier.verify(token)).rejects.toThrow(notValid);
    expect(state.cache.size).toBe(0);
  });

  test("still refuses what has expired, is revoked, or lost its key meanwhile", async () => {
    const { state, verifier } = cachedVerifier();
    const token = await sign();
    await verifier.verify(token);

    state.nowS = nowS + 65;
    await expect(verifier.verify(token)).rejects.toThrow("has expired");
    state.nowS = nowS - 3600;
    await expect(verifier.verify(token)).resolves.toBeDefined();
    state.nowS = nowS;
    state.revoked.add("t1");
    await expect(verifier.verify(token)).rejects.toThrow(notValid);
    state.revoked.clear();
    await expect(verifier.verify(token)).resolves.toBeDefined();
    state.keySet = { keys: [otherKey.publicKey] };
    await expect(verifier.verify(token)).rejects.toThrow(notValid);
  });
});

describe("rights", () => {
  const common = { jti: "t", issuedAtS: nowS };
  const all: ContainerClaims = {
    ...common,
    kind: "container",
    containers: ["acme", "globex"],
  };
  const one: ContainerClaims = {
    ...common,
    kind: "container",
    containers: ["acme"],
    extension: "greet",
  };

  test("a container token runs and manages everything in its containers, nothing beside", () => {
    for (const container of ["acme", "globex"]) {
      expect(mayRun(all, container)).toBe(true);
      expect(mayRun(all, container, "greet")).toBe(true);
      expect(mayManage(all, container)).toBe(true);
    }
    for (const container of ["", "acm", "acme,globex", "initech"]) {
      expect(mayRun(all, container)).toBe(false);
      expect(mayRun(all, container, "greet")).toBe(false);
      expect(mayManage(all, container)).toBe(false);
    }
  });

  test("a token for one extension runs that one and manages nothing", () => {
    expect(mayRun(one, "acme", "greet")).toBe(true);
    expect(mayRun(one, "acme", "other")).toBe(false);
    expect(mayRun(one, "acme")).toBe(false);
    expect(mayRun(one, "globex", "greet")).toBe(false);
    expect(mayManage(one, "acme")).toBe(false);
  });

  test("an admin may all; join and history tokens may neither run nor manage", () => {
    const admin = { ...common, kind: "admin" } as const;
    expect(mayRun(admin, "acme", "greet")).toBe(true);
    expect(mayManage(admin, "acme")).toBe(true);
    const join = { ...common, kind: "join" } as const;
    const history = {
      ...common,
      kind: "history",
      historyId: "h",
      revision: 1,
    } as const;
    for (const claims of [join, history]) {
      expect(mayRun(claims, "acme", "greet")).toBe(false);
      expect(mayManage(claims, "acme")).toBe(false);
    }
  });
});

test("a token is void once any it was issued with is revoked", async () => {
  const { state, verifier } = cachedVerifier();
  const child = { ...acme, jti: "t3", ancestors: ["t1", "t2"] };
  const token = await sign(child);
  expect(await verifier.verify(token)).toMatchObject(child);
  state.revoked.add("t1");
  await expect(verifier.verify(token)).rejects.toMatchObject({
    code: "unauthenticated",
  });
});

test.each([["text"], [[""]], [[1]], [["a", "b", "c", "d", "e"]]])(
  "refuses the ancestry %j",
  async (anc) => {
    await expect(
      verifierWith().verify(await forge({ anc })),
    ).rejects.toMatchObject({ code: "unauthenticated" });
  },
);
