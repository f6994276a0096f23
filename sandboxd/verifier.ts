/** Checks tokens against the keys and revocations this host was told. */
import { LRUCache } from "lru-cache";
import {
  createTokenVerifier,
  type TokenVerifier,
  type VerifiedToken,
} from "../proto/token.ts";
import type { Catalog } from "./cache/catalog.ts";

const maxVerifiedTokens = 10_000;

export function createVerifier(catalog: Catalog): TokenVerifier {
  return createTokenVerifier({
    jwks: () => catalog.keys(),
    isRevoked: (jti) => catalog.isRevoked(jti),
    now: Date.now,
    cache: new LRUCache<string, VerifiedToken>({ max: maxVerifiedTokens }),
  });
}
