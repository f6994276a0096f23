/** What a key is read from, as Node's library says it and as the host reads it. */
import { nativeError } from "../bytes/views.ts";
import type { HostValue } from "../realm.ts";
import { maybeText, type Tools } from "./tools.ts";

const formats = [
  "der",
  "pem",
  "jwk",
  "raw-public",
  "raw-private",
  "raw-seed",
] as const;
const encodings = ["pkcs1", "pkcs8", "spki", "sec1"] as const;
const jwkFormat = 2;
/** What is read of a JWK. */
const jwkMembers = "kty alg crv k n e d p q dp dq qi x y pub priv".split(" ");

/** A key as the host reads it; with an `id` it keeps it. */
export interface Reference {
  readonly [name: string]: HostValue;
}

/** Data, and how it is to be read: its format, type, passphrase and curve. */
export function sourceOf(
  tools: Tools,
  data: unknown,
  [format, type, passphrase, namedCurve]: readonly unknown[],
): Reference {
  const name = typeof format === "number" ? formats[format] : "pem";
  if (name === undefined)
    throw nativeError(
      Error,
      "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM",
      "keys are not read from files or stores by this runtime",
    );
  const isRaw = name.startsWith("raw");
  return {
    format: name,
    data: name === "jwk" ? jwkOf(data) : tools.copy(data),
    type: isRaw ? undefined : encodingOf(type),
    asymmetricKeyType: isRaw ? maybeText(type) : undefined,
    namedCurve: maybeText(namedCurve),
    passphrase: passphraseOf(tools, passphrase),
  };
}

/** How a key is to be written. */
export function formOf(
  tools: Tools,
  [format, type, cipher, passphrase]: readonly unknown[],
): Reference {
  return {
    format: typeof format === "number" ? formats[format] : undefined,
    type: encodingOf(type),
    cipher: maybeText(cipher),
    passphrase: passphraseOf(tools, passphrase),
  };
}

/** The bytes of a secret key. */
export function secretIn(
  tools: Tools,
  data: unknown,
  format: unknown,
): Uint8Array<ArrayBuffer> {
  return format === jwkFormat ? secretOfJwk(tools, data) : tools.copy(data);
}

function encodingOf(type: unknown): string | undefined {
  return typeof type === "number" ? encodings[type] : undefined;
}

function passphraseOf(
  { copy }: Tools,
  passphrase: unknown,
): Uint8Array | undefined {
  return passphrase === undefined || passphrase === null
    ? undefined
    : copy(passphrase);
}

function jwkOf(data: unknown): Reference {
  const jwk: Record<string, string> = {};
  for (const name of jwkMembers) {
    const value: unknown = Reflect.get(Object(data), name);
    if (typeof value === "string") jwk[name] = value;
  }
  return jwk;
}

function secretOfJwk({ copy }: Tools, data: unknown): Uint8Array<ArrayBuffer> {
  const { kty, k } = jwkOf(data);
  if (kty !== "oct" || typeof k !== "string")
    throw nativeError(
      TypeError,
      "ERR_CRYPTO_INVALID_JWK",
      "Invalid JWK secret key format",
    );
  return copy(k, "base64url");
}
