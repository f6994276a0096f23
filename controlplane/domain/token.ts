/** What the control plane keeps so that tokens can be signed, checked and revoked. */

/** A token that is void before it expires. */
export interface RevokedToken {
  jti: string;
  /** When it may be forgotten, Unix seconds; 0 never. */
  expiresAtS: number;
}

/** The Ed25519 key that signs now. */
export interface SigningKey {
  kid: string;
  privateKey: PrivateJwk;
}

/** The public half of a signing key, RFC 8037. */
export interface PublicJwk {
  kty: "OKP";
  crv: "Ed25519";
  x: string;
  kid: string;
  alg: "EdDSA";
  use: "sig";
}

/** A signing key with its private part `d`. */
export interface PrivateJwk extends PublicJwk {
  d: string;
}

/** A JSON Web Key Set: all that may have signed a token, and the key that will sign next. */
export interface PublicKeys {
  keys: PublicJwk[];
}
