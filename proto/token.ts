/**
 * Tokens: what they claim, how they are signed, and how they are checked, in one file because control plane and hosts
 * must not disagree. JSON Web Tokens signed with Ed25519, each kind with a `typ` of its own, by the rules of RFC 8725.
 */
import { hash } from "node:crypto";
import {
  createLocalJWKSet,
  decodeJwt,
  errors,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
  type CryptoKey,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
} from "jose";
import { AnnexError } from "./errors.ts";

const issuer = "annex";
const audience = "annex";
const algorithm = "EdDSA";

/** A longer token is refused unread. */
export const maxTokenBytes = 8 * 1024;
/** So often a token may be issued with a token that was issued with a token. */
export const maxAncestors = 4;
/** How far the clocks of issuer and verifier may be apart. */
export const maxClockSkewS = 5;

/** What a token says; the kind stands in its `typ` header. */
export type TokenClaims =
  ContainerClaims | AdminClaims | JoinClaims | HistoryClaims;

/** Calls and manages containers, or calls one extension. */
export interface ContainerClaims extends CommonClaims {
  kind: "container";
  /** The claim `ten`: literal names, never patterns. */
  containers: string[];
  /** The claim `jtn`: the one extension it may call; then `containers` holds one name. */
  extension?: string;
  /** The claim `anc`: the tokens it was issued with, the first first. With any of them revoked it is void. */
  ancestors?: string[];
}

/** Everything. */
export interface AdminClaims extends CommonClaims {
  kind: "admin";
}

/** Lets a host join the control plane. */
export interface JoinClaims extends CommonClaims {
  kind: "join";
}

/** Tells hosts that a restored backup has started a new history. */
export interface HistoryClaims extends CommonClaims {
  kind: "history";
  historyId: string;
  parentHistoryId?: string;
  revision: number;
}

interface CommonClaims {
  /** Names the token where it is revoked. */
  jti: string;
  /** Unix seconds, as are the two below. */
  issuedAtS: number;
  expiresAtS?: number;
  notBeforeS?: number;
}

/** Claims before signing, which adds the time of issue. */
export type NewClaims = WithoutIssueTime<TokenClaims>;
type WithoutIssueTime<Claims> = Claims extends unknown
  ? Omit<Claims, "issuedAtS">
  : never;

/** What signs tokens; `kid` names the public key in the key set. */
export interface SigningKey {
  kid: string;
  privateKey: JWK | CryptoKey;
}

/** Makes a key that can sign, and the public half for the key set. */
export async function generateSigningKey(
  kid: string,
): Promise<{ kid: string; privateKey: JWK; publicKey: JWK }> {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  const publicJwk = await exportJWK(pair.publicKey);
  return {
    kid,
    privateKey: await exportJWK(pair.privateKey),
    publicKey: { ...publicJwk, kid, alg: algorithm, use: "sig" },
  };
}

/** Signs claims; `now` tells the time of issue in milliseconds. Throws `invalid` on claims no verifier would take. */
export async function signToken(
  claims: NewClaims,
  key: SigningKey,
  now: () => number,
): Promise<string> {
  const issuedAtS = Math.floor(now() / 1000);
  const payload = payloadOf({ ...claims, issuedAtS });
  if (hasCommaInName(claims) || !claimsOf(typOf[claims.kind], payload))
    throw new AnnexError("invalid", invalidClaimsMessage);
  const token = await new SignJWT(payload)
    .setProtectedHeader({
      alg: algorithm,
      kid: key.kid,
      typ: typOf[claims.kind],
    })
    .setIssuer(issuer)
    .setAudience(audience)
    .sign(key.privateKey);
  if (token.length > maxTokenBytes)
    throw new AnnexError(
      "invalid",
      `the token would be longer than ${maxTokenBytes} bytes; name fewer containers`,
    );
  return token;
}

/** Where a verifier looks: the current keys, what is revoked, and the time in milliseconds. */
export interface TokenVerifierOptions {
  /** The public keys; a changed set is a new object. */
  jwks: () => JSONWebKeySet;
  isRevoked: (jti: string) => boolean;
  now: () => number;
  /** Where many calls bring the same token: an LRU cache, because checking a signature costs 100 µs and more. */
  cache?: VerifiedTokens;
}

/** What the verifier asks of a cache. It is keyed by digest, so that it holds no token. */
export interface VerifiedTokens {
  get(digest: string): VerifiedToken | undefined;
  set(digest: string, token: VerifiedToken): void;
}

/** A token whose signature was good under a key set; its time and revocation are looked at anew at every use. */
export interface VerifiedToken {
  claims: TokenClaims;
  keySet: JSONWebKeySet;
}

/** Checks tokens of every kind; the caller looks at `kind`. */
export interface TokenVerifier {
  /** Throws `unauthenticated`, in one phrase for every defect but a time that is over or has not come. */
  verify(token: string): Promise<TokenClaims>;
}

/** Makes a verifier of all kinds of tokens. */
export function createTokenVerifier(
  options: TokenVerifierOptions,
): TokenVerifier {
  const { jwks, isRevoked, now, cache } = options;
  const keysOf = keyFinder();
  return {
    async verify(token) {
      if (token.length > maxTokenBytes) throw refused();
      const keySet = jwks();
      const digest = hash("sha256", token, "base64url");
      const known = cache?.get(digest);
      // Claims checked under an older key set may have been signed by a key that was since withdrawn.
      const claims =
        known?.keySet === keySet
          ? known.claims
          : await verifySignature(token, keysOf(keySet), now());
      checkTimes(claims, now());
      if (revocableIds(claims).some(isRevoked)) throw refused();
      cache?.set(digest, { claims, keySet });
      return claims;
    },
  };
}

/** What a token of ours claims, though its time may be over or it may be revoked; undefined where we did not sign it. */
export async function readToken(
  token: string,
  keySet: JSONWebKeySet,
): Promise<TokenClaims | undefined> {
  if (token.length > maxTokenBytes) return undefined;
  const withinItsTime = timeWithin(token);
  if (withinItsTime === undefined) return undefined;
  const findKey = createLocalJWKSet(keySet);
  return await verifySignature(token, findKey, withinItsTime).catch(
    () => undefined,
  );
}

/** A time, in milliseconds, at which a token would be valid; it is not verified yet. */
function timeWithin(token: string): number | undefined {
  try {
    const { iat = 0, nbf = 0, exp = Infinity } = decodeJwt(token);
    const startS = Math.max(iat, nbf);
    return Math.min(startS, exp - 1) * 1000;
  } catch {
    return undefined;
  }
}

/** The ids of a token's ancestors and its own: with any of them revoked it is void. */
export function revocableIds(claims: TokenClaims): string[] {
  const ancestors = claims.kind === "container" ? (claims.ancestors ?? []) : [];
  return [...ancestors, claims.jti];
}

/** Whether the token may call an extension of the container or, where none is named, run code of the request in it. */
export function mayRun(
  claims: TokenClaims,
  container: string,
  extension?: string,
): boolean {
  if (claims.kind === "admin") return true;
  if (claims.kind !== "container" || !claims.containers.includes(container))
    return false;
  return claims.extension === undefined || claims.extension === extension;
}

/** Whether the token may change what the container holds and see its developers' view. */
export function mayManage(claims: TokenClaims, container: string): boolean {
  if (claims.kind === "admin") return true;
  return (
    claims.kind === "container" &&
    claims.containers.includes(container) &&
    claims.extension === undefined
  );
}

const typOf = {
  container: "annex-container+jwt",
  admin: "annex-admin+jwt",
  join: "annex-join+jwt",
  history: "annex-history+jwt",
} as const satisfies Record<TokenClaims["kind"], string>;

const invalidClaimsMessage =
  "these claims make no valid token: a container token needs container names without commas, and exactly one where it names an extension; times are whole Unix seconds";

// A comma parts names in `ten`: a name that has one would give rights to two others.
function hasCommaInName(claims: NewClaims): boolean {
  return (
    claims.kind === "container" &&
    claims.containers.some((name) => name.includes(","))
  );
}

function payloadOf(claims: TokenClaims): JWTPayload {
  return {
    jti: claims.jti,
    iat: claims.issuedAtS,
    ...(claims.expiresAtS !== undefined && { exp: claims.expiresAtS }),
    ...(claims.notBeforeS !== undefined && { nbf: claims.notBeforeS }),
    ...ownClaimsOf(claims),
  };
}

function ownClaimsOf(claims: TokenClaims): Record<string, unknown> {
  if (claims.kind === "container")
    return {
      ten: claims.containers.join(","),
      jtn: claims.extension,
      anc: claims.ancestors,
    };
  if (claims.kind === "history")
    return {
      history_id: claims.historyId,
      parent_history_id: claims.parentHistoryId,
      revision: claims.revision,
    };
  return {};
}

type KeyFinder = ReturnType<typeof createLocalJWKSet>;

/** The library's view of a key set holds its imported keys: kept until the set is another. */
function keyFinder(): (keySet: JSONWebKeySet) => KeyFinder {
  let last: { keySet: JSONWebKeySet; find: KeyFinder } | undefined;
  return (keySet) => {
    if (last?.keySet !== keySet)
      last = { keySet, find: createLocalJWKSet(keySet) };
    return last.find;
  };
}

async function verifySignature(
  token: string,
  findKey: KeyFinder,
  now: number,
): Promise<TokenClaims> {
  try {
    const { protectedHeader, payload } = await jwtVerify(
      token,
      (header, input) => {
        // Without a kid the library would take the only key of the set.
        if (typeof header?.kid !== "string") throw refused();
        return findKey(header, input);
      },
      {
        algorithms: [algorithm],
        issuer,
        audience,
        clockTolerance: maxClockSkewS,
        currentDate: new Date(now),
      },
    );
    // We sign none with crit, so one that has it is not ours, whatever the library would understand of it.
    if (protectedHeader.crit !== undefined) throw refused();
    const claims = claimsOf(protectedHeader.typ, payload);
    if (!claims) throw refused();
    return claims;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw expired();
    if (isBeforeItsTime(error)) throw notYetValid();
    throw refused();
  }
}

function isBeforeItsTime(error: unknown): boolean {
  return (
    error instanceof errors.JWTClaimValidationFailed &&
    error.claim === "nbf" &&
    error.reason === "check_failed"
  );
}

/** The library has looked at a token's times when it was new; this is for the one that comes again. */
function checkTimes(claims: TokenClaims, now: number): void {
  const nowS = Math.floor(now / 1000);
  const { expiresAtS, notBeforeS } = claims;
  if (expiresAtS !== undefined && expiresAtS <= nowS - maxClockSkewS)
    throw expired();
  if (notBeforeS !== undefined && notBeforeS > nowS + maxClockSkewS)
    throw notYetValid();
}

function claimsOf(
  typ: string | undefined,
  payload: JWTPayload,
): TokenClaims | undefined {
  const common = commonClaimsOf(payload);
  if (!common) return undefined;
  if (typ === typOf.container) return containerClaimsOf(payload, common);
  if (typ === typOf.history) return historyClaimsOf(payload, common);
  if (typ === typOf.admin) return { kind: "admin", ...common };
  if (typ === typOf.join) return { kind: "join", ...common };
  return undefined;
}

function commonClaimsOf(payload: JWTPayload): CommonClaims | undefined {
  const { jti, iat, exp, nbf } = payload;
  if (!isName(jti) || !isCount(iat)) return undefined;
  if (exp !== undefined && !isCount(exp)) return undefined;
  if (nbf !== undefined && !isCount(nbf)) return undefined;
  return {
    jti,
    issuedAtS: iat,
    ...(exp !== undefined && { expiresAtS: exp }),
    ...(nbf !== undefined && { notBeforeS: nbf }),
  };
}

function containerClaimsOf(
  payload: JWTPayload,
  common: CommonClaims,
): ContainerClaims | undefined {
  const { ten, jtn, anc } = payload;
  if (!isName(ten)) return undefined;
  const containers = ten.split(",");
  if (!containers.every(isName)) return undefined;
  if (anc !== undefined && !isAncestry(anc)) return undefined;
  const ancestry = anc !== undefined && { ancestors: anc };
  const claims = {
    kind: "container",
    ...common,
    containers,
    ...ancestry,
  } as const;
  if (jtn === undefined) return claims;
  if (!isName(jtn) || containers.length !== 1) return undefined;
  return { ...claims, extension: jtn };
}

function historyClaimsOf(
  payload: JWTPayload,
  common: CommonClaims,
): HistoryClaims | undefined {
  const {
    history_id: historyId,
    parent_history_id: parentHistoryId,
    revision,
  } = payload;
  if (!isName(historyId) || !isCount(revision)) return undefined;
  if (parentHistoryId === undefined)
    return { kind: "history", ...common, historyId, revision };
  if (!isName(parentHistoryId)) return undefined;
  return { kind: "history", ...common, historyId, parentHistoryId, revision };
}

function isAncestry(value: unknown): value is string[] {
  return (
    Array.isArray(value) && value.length <= maxAncestors && value.every(isName)
  );
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function refused(): AnnexError {
  return new AnnexError("unauthenticated", "the token is not valid here");
}

function expired(): AnnexError {
  return new AnnexError("unauthenticated", "the token has expired");
}

function notYetValid(): AnnexError {
  return new AnnexError("unauthenticated", "the token is not valid yet");
}
