/**
 * What a guest wishes of TLS, read: nothing of it is believed, and what would let it keep this process busy, which serves
 * all containers, is refused. What it says of trust holds for its one connection.
 */
import { createPrivateKey, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import {
  checkServerIdentity,
  createSecureContext,
  type ConnectionOptions,
  type SecureVersion,
} from "node:tls";
import { hasOwnCurve, pemBlocks } from "./pem.ts";
import { EgressError, failed } from "./problem.ts";
import { boundedTls } from "./tls-costs.ts";

const maxNameChars = 255;
const maxProtocols = 16;
const maxProtocolChars = 255;
const maxAuthorities = 16;
const maxCertificateChars = 64 * 1024;
/** Roots may be many: the bundles of clouds hold more than a hundred. */
const maxRoots = 256;
const maxChain = 16;
/** Of RSA with 4096 bits, and no numbers in it that are longer than they need be: each signature costs by their length. */
const maxKeyChars = 4096;
const maxRsaBits = 4096;
const maxCipherChars = 2048;
const certificateLabels = [
  "CERTIFICATE",
  "X509 CERTIFICATE",
  "TRUSTED CERTIFICATE",
];
const keyLabels = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];
const ownCurve =
  "an elliptic curve for TLS is named: one that is spelled out cannot be used here";
const versions = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;

/** Options for `tls.connect` over a connection that is open; throws, with what is wrong, where they make no sense. */
export function tlsOptionsOf(
  bytes: Buffer,
  roots: string[] | undefined,
): ConnectionOptions {
  const wishes = parsed(bytes);
  const { rejectUnauthorized, alpnProtocols, minVersion, maxVersion } = wishes;
  const servername = text(wishes["servername"], maxNameChars);
  const identity = text(wishes["identity"], maxNameChars);
  const authorities = texts(wishes["ca"], maxAuthorities);
  const ca = certificatesIn(authorities.join("\n"), maxRoots);
  // Whoever names roots does not trust the well-known ones.
  if (authorities.length > 0 && ca === "") throw malformed("certificates");
  const trusted = ca === "" ? roots : [ca];
  const protocols = texts(alpnProtocols, maxProtocols, maxProtocolChars);
  const least = versionOf(minVersion);
  const most = versionOf(maxVersion);
  const cert = certificatesIn(
    text(wishes["cert"], maxCertificateChars),
    maxChain,
  );
  const key = text(wishes["key"], maxKeyChars);
  const ciphers = text(wishes["ciphers"], maxCipherChars);
  const secureContext = contextOf({
    ...(trusted && { ca: trusted }),
    ...(cert !== "" && { cert }),
    ...(key !== "" && { key: keyOf(key) }),
    ...boundedTls(ciphers),
    ...(least && { minVersion: least }),
    ...(most && { maxVersion: most }),
  });
  return {
    secureContext,
    rejectUnauthorized: rejectUnauthorized !== false,
    ...(servername !== "" && !isIP(servername) && { servername }),
    ...(protocols.length > 0 && { ALPNProtocols: protocols }),
    checkServerIdentity: (_name, certificate) =>
      identity === "" ? undefined : checkServerIdentity(identity, certificate),
  };
}

function contextOf(options: Parameters<typeof createSecureContext>[0]) {
  try {
    return createSecureContext(options);
  } catch (error) {
    throw wrong(error);
  }
}

/** As PEM again, of those alone that cost little to read. */
function certificatesIn(given: string, maxCount: number): string {
  if (given.trim() === "") return "";
  const blocks = pemBlocks(given, certificateLabels);
  if (!blocks || blocks.length === 0) throw malformed("certificates");
  if (blocks.length > maxCount)
    throw failed(`an option of TLS may have ${maxCount} certificates`);
  if (blocks.some(hasOwnCurve)) throw failed(ownCurve);
  return blocks.map((block) => block.text).join("");
}

/** As PEM again, of a key that costs little to use. */
function keyOf(given: string): string {
  // To decrypt it might take as long as the guest likes.
  if (given.includes("ENCRYPTED"))
    throw failed("an encrypted key cannot be used for TLS here: decrypt it");
  const [block] = pemBlocks(given, keyLabels) ?? [];
  if (!block) throw malformed("key");
  if (hasOwnCurve(block)) throw failed(ownCurve);
  const pem = block.text;
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    throw wrong(error);
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "rsa" && (details?.modulusLength ?? 0) <= maxRsaBits) return pem;
  if (type === "ec" || type === "ed25519") return pem;
  throw failed(
    `a key for TLS is RSA of up to ${maxRsaBits} bits, of an elliptic curve, or Ed25519`,
  );
}

function parsed(bytes: Buffer): Record<string, unknown> {
  try {
    const wishes: unknown = JSON.parse(bytes.toString());
    if (typeof wishes === "object" && wishes !== null)
      return wishes as Record<string, unknown>; // an object from JSON.parse is one
  } catch {
    // Told below.
  }
  throw malformed("options");
}

function versionOf(value: unknown): SecureVersion | undefined {
  return versions.find((known) => known === value);
}

function text(value: unknown, maxChars: number): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") throw malformed("options");
  if (value.length > maxChars)
    throw failed(`an option of TLS may have ${maxChars} characters`);
  return value;
}

function texts(value: unknown, maxCount: number, maxChars = Infinity) {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw malformed("options");
  if (value.length > maxCount)
    throw failed(`an option of TLS may have ${maxCount} parts`);
  return value.map((one: unknown) => text(one, maxChars));
}

function malformed(what: string): EgressError {
  return failed(`the ${what} of TLS are malformed`);
}

/** OpenSSL's own words are of what the guest gave. */
function wrong(error: unknown): EgressError {
  const code =
    error instanceof Error && "code" in error && typeof error.code === "string"
      ? error.code
      : "ERR_TLS_INVALID_CONTEXT";
  const message = error instanceof Error ? error.message : "";
  return new EgressError({
    kind: "failed",
    message: `TLS cannot be begun so: ${message}`,
    code,
  });
}
