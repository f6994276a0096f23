import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { createTokenVerifier, signToken } from "../../../../proto/token.ts";
import type { Store } from "../../../../controlplane/store/store.ts";
import { newStore, optionsIn, storeIn, temporaryFolder } from "./fixture.ts";
import {
  maxJtiLength,
  maxRevocations,
} from "../../../../controlplane/store/tokens.ts";

const now = () => 1_800_000_000_000;
const nowS = now() / 1000;
const isRevoked = () => false;

async function sign(store: Store): Promise<string> {
  const key = await store.tokens.signingKey();
  return await signToken({ kind: "admin", jti: "t1" }, key, now);
}

async function verify(store: Store, token: string) {
  const jwks = await store.tokens.publicKeys();
  const verifier = createTokenVerifier({ jwks: () => jwks, isRevoked, now });
  return await verifier.verify(token);
}

test("what the signing key signs the public keys verify, also after opening again", async () => {
  const folder = temporaryFolder();
  const first = await storeIn(folder);
  const token = await sign(first);
  await first.close();
  const store = await storeIn(folder);
  expect(await verify(store, token)).toMatchObject({ kind: "admin" });
  await expect(verify(await newStore(), token)).rejects.toMatchObject({
    code: "unauthenticated",
  });
});

test("public keys hold nothing private", async () => {
  const store = await newStore();
  await store.tokens.rotateSigningKey();
  const { keys } = await store.tokens.publicKeys();
  expect(keys).toHaveLength(3);
  for (const key of keys)
    expect(Object.keys(key).toSorted()).toEqual([
      "alg",
      "crv",
      "kid",
      "kty",
      "use",
      "x",
    ]);
});

test("after a rotation the key that was published next signs, and older tokens stay good", async () => {
  const store = await newStore();
  const old = await sign(store);
  const before = await store.tokens.publicKeys();
  const since = await store.changes.position();

  await store.tokens.rotateSigningKey();

  const { kid } = await store.tokens.signingKey();
  expect(before.keys.map((key) => key.kid)).toContain(kid);
  expect(await verify(store, old)).toMatchObject({ kind: "admin" });
  expect(await verify(store, await sign(store))).toMatchObject({
    kind: "admin",
  });
  const { position, changes } = await store.changes.read(since);
  expect(position.revision).toBe(since.revision + 1);
  expect(changes.map(({ name }) => name)).toEqual(["keys"]);
});

test("a revoked token is listed, and hosts are told", async () => {
  const store = await newStore();
  const since = await store.changes.position();
  await store.tokens.revoke({ jti: "t1", expiresAtS: nowS + 3600 });
  await store.tokens.revoke({ jti: "t2", expiresAtS: 0 });
  expect(await store.tokens.isRevoked("t1")).toBe(true);
  expect(await store.tokens.isRevoked("t3")).toBe(false);
  expect(await store.tokens.listRevocations(nowS)).toEqual([
    { jti: "t1", expiresAtS: nowS + 3600 },
    { jti: "t2", expiresAtS: 0 },
  ]);
  const { changes } = await store.changes.read(since);
  expect(changes.map(({ name }) => name)).toEqual(["revocations"]);
});

test("a revocation is forgotten when its token has expired, not while a slow clock may still take it", async () => {
  const store = await newStore();
  await store.tokens.revoke({ jti: "t1", expiresAtS: nowS });
  await store.tokens.revoke({ jti: "for-ever", expiresAtS: 0 });
  const listed = async (atS: number) =>
    (await store.tokens.listRevocations(atS)).map(({ jti }) => jti);
  expect(await listed(nowS + 5)).toEqual(["for-ever", "t1"]);
  expect(await listed(nowS + 3600)).toEqual(["for-ever"]);
});

test("expired revocations leave the database with the next one", async () => {
  const store = await newStore();
  await store.tokens.revoke({ jti: "old", expiresAtS: nowS - 3600 });
  expect(await store.tokens.isRevoked("old")).toBe(true);
  await store.tokens.revoke({ jti: "new", expiresAtS: 0 });
  expect(await store.tokens.isRevoked("old")).toBe(false);
});

test("a jti has a longest length, and revocations a highest number", async () => {
  const folder = temporaryFolder();
  const store = await storeIn(folder);
  const longest = "j".repeat(maxJtiLength);
  await store.tokens.revoke({ jti: longest, expiresAtS: 0 });
  await expect(
    store.tokens.revoke({ jti: `${longest}j`, expiresAtS: 0 }),
  ).rejects.toMatchObject({ code: "invalid" });

  const database = new Database(optionsIn(folder).file);
  const insert = database.prepare(
    "insert into revocations (jti, expires_at_s) with recursive n(i) as (select 2 union all select i + 1 from n where i < ?) select 'n' || i, 0 from n",
  );
  insert.run(maxRevocations);
  database.close();
  await expect(
    store.tokens.revoke({ jti: "one-more", expiresAtS: 0 }),
  ).rejects.toMatchObject({ code: "exhausted" });
  // What is revoked stays so, and saying it again is no fault.
  await store.tokens.revoke({ jti: longest, expiresAtS: 0 });
});
