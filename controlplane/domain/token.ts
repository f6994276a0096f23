/** A token that is void before it expires. */
export interface RevokedToken {
  jti: string;
  /** When it may be forgotten, Unix seconds; 0 never. */
  expiresAtS: number;
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

/** A JSON Web Key Set of what may sign tokens. */
export interface PublicKeys {
  keys: PublicJwk[];
}
