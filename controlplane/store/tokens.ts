import type { KeyObject } from "node:crypto";
import type { PublicKeys, RevokedToken } from "../domain/token.ts";
import type { ChangeOptions } from "./changes.ts";

/** The Ed25519 key that signs now; jose takes the KeyObject as it is. */
export interface SigningKey {
  kid: string;
  privateKey: KeyObject;
}

/** Keeps the keys that sign tokens, and which tokens were revoked. */
export interface TokenStore {
  signingKey(): Promise<SigningKey>;
  /** All that may have signed a token, and the one that will sign next. */
  publicKeys(): Promise<PublicKeys>;
  /** The next key signs, the one that signed stays published, and a new next one is made. */
  rotateSigningKey(options?: ChangeOptions): Promise<void>;
  revoke(request: RevokedToken & ChangeOptions): Promise<void>;
  isRevoked(jti: string): Promise<boolean>;
  /** Those not yet expired. */
  listRevocations(nowS: number): Promise<RevokedToken[]>;
}
