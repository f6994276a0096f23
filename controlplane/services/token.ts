import { randomUUID } from "node:crypto";
import { AnnexError } from "../../proto/errors.ts";
import {
  TokenKind,
  type RevokeTokenRequest,
  type TokenClaims as WireClaims,
  type TokenServiceDefinition,
} from "../../proto/gen/annex/control/v1/token.ts";
import type {
  RpcContext,
  UnaryImplementation,
} from "../../proto/rpc/service.ts";
import {
  maxAncestors,
  mayManage,
  revocableIds,
  type NewClaims,
  type TokenClaims,
} from "../../proto/token.ts";
import { checkContainerName, checkExtensionName } from "../domain/name.ts";
import type { RevokedToken } from "../domain/token.ts";
import type { Authenticator } from "./authenticate.ts";
import { changeOptions, type ChangeOptions } from "./change-options.ts";

/** What the service needs besides its caller's rights. */
export interface TokenServiceDeps {
  may: Authenticator;
  revoke: (request: RevokedToken & ChangeOptions) => Promise<void>;
  sign: (claims: NewClaims) => Promise<string>;
  now: () => number;
}

/** TokenService: issues only what the caller may do itself. */
export function tokenService({
  may,
  revoke,
  sign,
  now,
}: TokenServiceDeps): UnaryImplementation<typeof TokenServiceDefinition> {
  return {
    async issueToken({ claims }, context) {
      const issuer = await may.anyManager(context);
      const issued = attenuated(newClaimsOf(claims, now()), issuer);
      const issuedAtS = Math.floor(now() / 1000);
      return {
        token: await sign(issued),
        claims: wireOf({ ...issued, issuedAtS }),
      };
    },
    async inspectToken({ token }, context) {
      const caller = await may.anyManager(context);
      try {
        const claims = await may.verify(token);
        requireRightsOver(caller, claims);
        return { claims: wireOf(claims), valid: true };
      } catch (thrown) {
        const { code, message } = AnnexError.from(thrown);
        if (code !== "unauthenticated") throw thrown;
        const claims = await may.read(token);
        if (claims) requireRightsOver(caller, claims);
        return {
          claims: claims && wireOf(claims),
          valid: false,
          reason: message,
        };
      }
    },
    async revokeToken(request, context) {
      const revoked = await subjectOf(may, request, context);
      await revoke({ ...revoked, ...changeOptions() });
      return {};
    },
  };
}

const kindOf = {
  [TokenKind.CONTAINER]: "container",
  [TokenKind.ADMIN]: "admin",
  [TokenKind.JOIN]: "join",
} as const;

const wireKindOf = {
  container: TokenKind.CONTAINER,
  admin: TokenKind.ADMIN,
  join: TokenKind.JOIN,
  history: TokenKind.UNSPECIFIED,
} as const satisfies Record<TokenClaims["kind"], TokenKind>;

function newClaimsOf(wire: WireClaims | undefined, nowMs: number): NewClaims {
  if (!wire || wire.kind === TokenKind.UNSPECIFIED)
    throw invalid("claims.kind is missing: container, admin or join");
  const common = { jti: randomUUID(), ...timesOf(wire, nowMs) };
  const kind = kindOf[wire.kind];
  if (kind !== "container") {
    if (wire.containers.length > 0 || wire.extension !== "")
      throw invalid(`a token of kind ${kind} names no container or extension`);
    return { kind, ...common };
  }
  const { containers, extension } = wire;
  containers.forEach(checkContainerName);
  if (extension === "") return { kind, ...common, containers };
  checkExtensionName(extension);
  return { kind, ...common, containers, extension };
}

function timesOf(
  { expiresAtS, notBeforeS }: WireClaims,
  nowMs: number,
): { expiresAtS?: number; notBeforeS?: number } {
  if (expiresAtS !== 0n && Number(expiresAtS) * 1000 <= nowMs)
    throw invalid("claims.expires_at_s is in the past");
  return {
    ...(expiresAtS !== 0n && { expiresAtS: Number(expiresAtS) }),
    ...(notBeforeS !== 0n && { notBeforeS: Number(notBeforeS) }),
  };
}

/** The claims, held to what their issuer may: its containers, and no longer than it lives itself. */
function attenuated(claims: NewClaims, issuer: TokenClaims): NewClaims {
  if (issuer.kind === "admin") return claims;
  requireRightsOver(issuer, claims);
  const descended = { ...claims, ancestors: ancestorsBelow(issuer) };
  const limitS = issuer.expiresAtS;
  if (limitS === undefined) return descended;
  if (claims.expiresAtS === undefined)
    return { ...descended, expiresAtS: limitS };
  if (claims.expiresAtS <= limitS) return descended;
  throw new AnnexError(
    "denied",
    "the token would outlive yours; choose an earlier expiry",
  );
}

/** Who is revoked takes all that was issued with it along. */
function ancestorsBelow(issuer: TokenClaims): string[] {
  const ancestors = revocableIds(issuer);
  if (ancestors.length <= maxAncestors) return ancestors;
  throw new AnnexError(
    "denied",
    `your token was itself issued through ${maxAncestors} others; ask the first of them, or an admin, for this one`,
  );
}

function requireRightsOver(caller: TokenClaims, claims: NewClaims): void {
  if (caller.kind === "admin") return;
  const isWithin =
    claims.kind === "container" &&
    claims.containers.every((container) => mayManage(caller, container));
  if (isWithin) return;
  throw new AnnexError("denied", "the token would reach further than yours");
}

async function subjectOf(
  may: Authenticator,
  { subject }: RevokeTokenRequest,
  context: RpcContext,
): Promise<RevokedToken> {
  if (!subject?.value) throw invalid("name the token or its jti");
  if (subject.$case === "jti") {
    await may.admin(context);
    return { jti: subject.value, expiresAtS: 0 };
  }
  const caller = await may.anyManager(context);
  const claims = await may.verify(subject.value).catch((cause: unknown) => {
    throw invalid(
      `nothing to revoke: ${AnnexError.from(cause).message}`,
      cause,
    );
  });
  requireRightsOver(caller, claims);
  return { jti: claims.jti, expiresAtS: claims.expiresAtS ?? 0 };
}

function wireOf(claims: TokenClaims): WireClaims {
  const { jti, expiresAtS = 0, notBeforeS = 0, issuedAtS } = claims;
  const isContainer = claims.kind === "container";
  return {
    kind: wireKindOf[claims.kind],
    containers: isContainer ? claims.containers : [],
    extension: isContainer ? (claims.extension ?? "") : "",
    expiresAtS: BigInt(expiresAtS),
    notBeforeS: BigInt(notBeforeS),
    issuedAtS: BigInt(issuedAtS),
    jti,
  };
}

function invalid(message: string, cause?: unknown): AnnexError {
  return new AnnexError("invalid", message, { cause });
}
