/** Certificates as the broker tells them, as Node's `tls` gives them. */
import type { RealmParts } from "../realm.ts";

export type Certificate = Record<string, unknown>;

/** The peer's, with its issuers' behind it where they are wanted; empty: it showed none. */
export function certificateOf(
  parts: RealmParts,
  told: readonly Certificate[],
  isDetailed: boolean,
): Certificate {
  const chain = told.map((one) => withBytes(parts, one));
  const [leaf = {}] = chain;
  if (!isDetailed) return leaf;
  for (const [at, one] of chain.entries())
    // A root is its own issuer.
    one["issuerCertificate"] = chain[at + 1] ?? one;
  return leaf;
}

/** Of what is told in base64; undefined where nothing was. */
export function bytesOf(
  parts: RealmParts,
  base64 = "",
): Uint8Array | undefined {
  if (base64 === "") return undefined;
  const { Buffer } = parts.require("buffer");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
  const { from } = Buffer as {
    from: (text: string, encoding: string) => Uint8Array;
  };
  return from(base64, "base64");
}

function withBytes(parts: RealmParts, told: Certificate): Certificate {
  const certificate: Certificate = {};
  for (const [name, value] of Object.entries(told)) {
    const isBytes =
      typeof value === "object" && value !== null && "base64" in value;
    certificate[name] = isBytes ? bytesOf(parts, String(value.base64)) : value;
  }
  return certificate;
}
