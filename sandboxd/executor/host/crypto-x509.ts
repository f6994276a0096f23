/** Certificates: read in one call, asked with the certificate itself each time. */
import { Certificate, X509Certificate } from "node:crypto";
import { bytesOf, own, textOf } from "./crypto-bounds.ts";
import type { Keys } from "./crypto-keys.ts";
import { numberIn, type HostOperations } from "./operations.ts";

const questions = ["checkHost", "checkEmail", "checkIP"] as const;

export function certificateOperations(keys: Keys): HostOperations {
  return {
    "crypto.x509": (data) => described(read(data)),
    "crypto.x509.legacy": (data) => {
      const legacy: Record<string, unknown> = {
        ...read(data).toLegacyObject(),
      };
      for (const [name, value] of Object.entries(legacy))
        if (value instanceof Uint8Array) legacy[name] = own(value);
      return legacy;
    },
    "crypto.x509.asks": (data, question, value, options) => {
      const name = questions.find((known) => known === question);
      if (name === undefined) throw new TypeError("no such question");
      return read(data)[name](textOf(value), optionsOf(options));
    },
    "crypto.x509.publicKey": (data) =>
      own(read(data).publicKey.export({ type: "spki", format: "der" })),
    "crypto.x509.issued": (data, other) => read(data).checkIssued(read(other)),
    "crypto.x509.private": (data, key) =>
      read(data).checkPrivateKey(keys.object(key)),
    "crypto.x509.verify": (data, key) => read(data).verify(keys.object(key)),
    "crypto.spkac.verify": (data) => Certificate.verifySpkac(spkacOf(data)),
    "crypto.spkac.publicKey": (data) =>
      ownOrText(Certificate.exportPublicKey(spkacOf(data))),
    "crypto.spkac.challenge": (data) =>
      ownOrText(Certificate.exportChallenge(spkacOf(data))),
    "crypto.rootCertificates": () => [...tls().rootCertificates],
    "crypto.tlsCiphers": () => tls().getCiphers(),
  };
}

/** Loaded when wanted: an executor needs it for nothing else. */
function tls() {
  return process.getBuiltinModule("node:tls");
}

function read(data: unknown): X509Certificate {
  return new X509Certificate(bytesOf(data));
}

function described(certificate: X509Certificate) {
  return {
    subject: certificate.subject,
    subjectAltName: certificate.subjectAltName,
    issuer: certificate.issuer,
    infoAccess: certificate.infoAccess,
    validFrom: certificate.validFrom,
    validTo: certificate.validTo,
    validFromMs: certificate.validFromDate.getTime(),
    validToMs: certificate.validToDate.getTime(),
    fingerprint: certificate.fingerprint,
    fingerprint256: certificate.fingerprint256,
    fingerprint512: certificate.fingerprint512,
    keyUsage: certificate.keyUsage,
    serialNumber: certificate.serialNumber,
    signatureAlgorithm: Reflect.get(certificate, "signatureAlgorithm"),
    signatureAlgorithmOid: Reflect.get(certificate, "signatureAlgorithmOid"),
    ca: certificate.ca,
    pem: certificate.toString(),
    raw: own(certificate.raw),
  };
}

/** The flags by which Node's library asks, as the options they came from. */
function optionsOf(flags: unknown): object {
  const given = numberIn(flags);
  const has = (flag: number) => (given & flag) !== 0;
  return {
    subject: has(1) ? "always" : has(32) ? "never" : "default",
    wildcards: !has(2),
    partialWildcards: !has(4),
    multiLabelWildcards: has(8),
    singleLabelSubdomains: has(16),
  };
}

function spkacOf(data: unknown): Buffer {
  return Buffer.from(bytesOf(data));
}

function ownOrText(value: unknown): unknown {
  return value instanceof Uint8Array ? own(value) : value;
}
