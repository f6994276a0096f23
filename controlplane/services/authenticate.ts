/** Who calls, and whether they may: the one place where the control plane's methods ask. */
import { AnnexError } from "../../proto/errors.ts";
import { headerOf, type RpcContext } from "../../proto/rpc/service.ts";
import {
  createTokenVerifier,
  mayManage,
  readToken,
  revocableIds,
  type TokenClaims,
} from "../../proto/token.ts";
import type { PublicKeys } from "../domain/token.ts";

/** What a check of a token reads. */
export interface AuthenticateStore {
  publicKeys(): Promise<PublicKeys>;
  isRevoked(jti: string): Promise<boolean>;
}

/** Asks for a right: each gives the caller's claims, or throws `unauthenticated` or `denied`. */
export interface Authenticator {
  /** An admin's token. */
  admin(context: RpcContext): Promise<TokenClaims>;
  /** An admin's token, or one that manages the container. */
  managerOf(context: RpcContext, container: string): Promise<TokenClaims>;
  /** An admin's token, or one that manages any container. */
  anyManager(context: RpcContext): Promise<TokenClaims>;
  /** Any token: what every method asks for at the least. */
  anybody(context: RpcContext): Promise<TokenClaims>;
  /** A join token. */
  host(context: RpcContext): Promise<TokenClaims>;
  /** Checks a token and nothing of its rights. */
  verify(token: string): Promise<TokenClaims>;
  /** What a token of ours claims, valid or not; undefined where it is none of ours. */
  read(token: string): Promise<TokenClaims | undefined>;
}

/** Reads keys and revocations anew for every token, so that a revocation holds from its answer on. */
export function createAuthenticator(
  tokens: AuthenticateStore,
  now: () => number,
): Authenticator {
  const verify = async (token: string) => {
    const keys = await tokens.publicKeys();
    const verifier = createTokenVerifier({
      jwks: () => keys,
      // Revocation is looked up below: the store answers asynchronously.
      isRevoked: () => false,
      now,
    });
    const claims = await verifier.verify(token);
    for (const jti of revocableIds(claims))
      if (await tokens.isRevoked(jti))
        throw new AnnexError("unauthenticated", "the token was revoked");
    return claims;
  };
  const caller = (context: RpcContext) => verify(bearerOf(context));
  return {
    verify,
    read: async (token) => readToken(token, await tokens.publicKeys()),
    anybody: caller,
    async admin(context) {
      const claims = await caller(context);
      if (claims.kind === "admin") return claims;
      throw denied("this needs an admin's token");
    },
    async managerOf(context, container) {
      const claims = await caller(context);
      if (mayManage(claims, container)) return claims;
      throw denied(
        `this needs an admin's token, or one that manages container ${JSON.stringify(container)}`,
      );
    },
    async anyManager(context) {
      const claims = await caller(context);
      if (claims.kind === "admin" || managesSomething(claims)) return claims;
      throw denied("this needs a token that manages a container");
    },
    async host(context) {
      const claims = await caller(context);
      if (claims.kind === "join") return claims;
      throw denied("this needs a join token");
    },
  };
}

function managesSomething(claims: TokenClaims): boolean {
  if (claims.kind !== "container") return false;
  return claims.containers.some((container) => mayManage(claims, container));
}

function bearerOf(context: RpcContext): string {
  const header = headerOf(context.metadata, "authorization");
  const [scheme, token] = header?.split(" ") ?? [];
  if (scheme?.toLowerCase() === "bearer" && token) return token;
  throw new AnnexError(
    "unauthenticated",
    "this needs a token; send it as `authorization: Bearer TOKEN`",
  );
}

function denied(message: string): AnnexError {
  return new AnnexError("denied", message);
}
