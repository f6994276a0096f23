/** What a guest wants of TLS, as texts for the broker, which begins it: there is no OpenSSL in an isolate. */
import type { Exports, RealmParts } from "../../../realm.ts";
import { refusal } from "../../../unavailable.ts";

/** The part of `TlsWishes` (protocol.ts) that a context says. */
export interface ContextWishes {
  ca?: string[];
  cert?: string;
  key?: string;
  ciphers?: string;
  minVersion?: string;
  maxVersion?: string;
}

interface ContextOptions {
  ca?: unknown;
  cert?: unknown;
  key?: unknown;
  passphrase?: unknown;
  pfx?: unknown;
  ciphers?: unknown;
  minVersion?: unknown;
  maxVersion?: unknown;
  secureProtocol?: unknown;
}

const versions = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

export function createModule(parts: RealmParts): Exports {
  class SecureContext {
    readonly context: ContextWishes;

    constructor(options: ContextOptions) {
      this.context = wishesOf(parts, options);
    }
  }

  return {
    SecureContext,
    createSecureContext: (options: ContextOptions = {}) =>
      new SecureContext(options),
    translatePeerCertificate: (certificate: unknown) => certificate ?? null,
  };
}

function wishesOf(parts: RealmParts, options: ContextOptions): ContextWishes {
  if (options.pfx !== undefined && options.pfx !== null)
    throw refusal("tls: pfx", "give key and cert as PEM");
  const given = pems(options.ca);
  const ca = given.length > 0 ? given : defaultRoots(parts);
  const cert = pems(options.cert).join("\n");
  if (cert !== "") {
    // Throws as OpenSSL does for what is no certificate.
    const { X509Certificate } = parts.require("crypto");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
    void new (X509Certificate as new (pem: string) => object)(cert);
  }
  const key = keyOf(parts, options);
  const minVersion = versionOf(parts, options.minVersion, "minimum");
  const maxVersion = versionOf(parts, options.maxVersion, "maximum");
  const { ciphers } = options;
  return {
    ...(ca.length > 0 && { ca }),
    ...(cert !== "" && { cert }),
    ...(key !== "" && { key }),
    ...(typeof ciphers === "string" && ciphers !== "" && { ciphers }),
    ...(minVersion !== undefined && { minVersion }),
    ...(maxVersion !== undefined && { maxVersion }),
  };
}

/** Of `tls.setDefaultCACertificates`; none: the platform's. */
function defaultRoots(parts: RealmParts): string[] {
  const { getUserRootCertificates } = parts.internalBinding("crypto");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- certificates.ts
  return (getUserRootCertificates as () => string[])();
}

/** Texts or bytes, one or many. */
function pems(value: unknown): string[] {
  if (value === undefined || value === null || value === false) return [];
  if (Array.isArray(value)) return value.flatMap(pems);
  if (typeof value === "string") return value === "" ? [] : [value];
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return [String.fromCharCode(...bytes)];
  }
  if (typeof value === "object" && "pem" in value) return pems(value.pem);
  throw new TypeError(
    "certificates and keys of TLS are texts, bytes, or lists of them",
  );
}

/** The first one; decrypted here, where it takes the guest's own time. */
function keyOf(parts: RealmParts, options: ContextOptions): string {
  const one: unknown = Array.isArray(options.key)
    ? options.key[0]
    : options.key;
  const own =
    typeof one === "object" && one !== null && "passphrase" in one
      ? one.passphrase
      : undefined;
  const passphrase = own ?? options.passphrase;
  const [pem = ""] = pems(one);
  if (!pem.includes("ENCRYPTED")) return pem;
  const { createPrivateKey } = parts.require("crypto");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
  const create = createPrivateKey as (options: object) => {
    export: (options: object) => string;
  };
  const key = create({ key: pem, passphrase });
  return key.export({ type: "pkcs8", format: "pem" });
}

function versionOf(
  parts: RealmParts,
  version: unknown,
  which: string,
): string | undefined {
  if (version === undefined || version === null) return undefined;
  const known = versions.find((one) => one === version);
  if (known !== undefined) return known;
  const { codes } = parts.require("internal/errors");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
  const { ERR_TLS_INVALID_PROTOCOL_VERSION: Invalid } = codes as Record<
    string,
    new (...words: unknown[]) => Error
  >;
  throw Invalid
    ? new Invalid(version, which)
    : new TypeError("no version of TLS");
}
