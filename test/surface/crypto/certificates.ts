/** Checks of X.509, of SPKAC and of PKCS#12. */
import * as crypto from "node:crypto";
import { originCertificate, originKey } from "../../support/certificate.ts";
import { member, thrown, type Check } from "../check.ts";
import { pkcs12, richCertificate, rsaPrivateKey, spkacText } from "../keys.ts";

const read = [
  "subject",
  "subjectAltName",
  "issuer",
  "issuerCertificate",
  "infoAccess",
  "validFrom",
  "validTo",
  "validFromDate",
  "validToDate",
  "fingerprint",
  "fingerprint256",
  "fingerprint512",
  "keyUsage",
  "serialNumber",
  "signatureAlgorithm",
  "signatureAlgorithmOid",
  "raw",
  "ca",
];

export function certificateChecks(): Record<string, Check> {
  const certificate = () => new crypto.X509Certificate(originCertificate);
  const rich = () => new crypto.X509Certificate(richCertificate);
  const checks = read.map((name): [string, Check] => [
    `X509Certificate#${name}`,
    () => [Reflect.get(certificate(), name), Reflect.get(rich(), name)],
  ]);
  return {
    ...Object.fromEntries(checks),
    ...ofSpkac(),
    X509Certificate: () => [
      new crypto.X509Certificate(certificate().raw).serialNumber,
      thrown(() => new crypto.X509Certificate("nonsense")),
    ],
    "X509Certificate#publicKey": () =>
      certificate().publicKey.export({ type: "spki", format: "pem" }),
    "X509Certificate#toString": () => certificate().toString(),
    "X509Certificate#toJSON": () => JSON.stringify(certificate()),
    "X509Certificate#checkHost": () => [
      certificate().checkHost("origin.test"),
      certificate().checkHost("a.origin.test"),
      certificate().checkHost("a.origin.test", { wildcards: false }),
      certificate().checkHost("other.test"),
    ],
    "X509Certificate#checkEmail": () => [
      rich().checkEmail("a@rich.test"),
      certificate().checkEmail("a@b.test"),
    ],
    "X509Certificate#checkIP": () => [
      rich().checkIP("127.0.0.1"),
      certificate().checkIP("127.0.0.1"),
    ],
    "X509Certificate#checkIssued": () =>
      certificate().checkIssued(certificate()),
    "X509Certificate#checkPrivateKey": () => [
      certificate().checkPrivateKey(crypto.createPrivateKey(originKey)),
      certificate().checkPrivateKey(crypto.createPrivateKey(rsaPrivateKey)),
    ],
    "X509Certificate#verify": () => [
      certificate().verify(certificate().publicKey),
      certificate().verify(crypto.createPublicKey(rsaPrivateKey)),
    ],
    "X509Certificate#toLegacyObject": () => certificate().toLegacyObject(),
    parsePKCS12: () => {
      const bundle = Buffer.from(pkcs12, "base64");
      const parse = member(crypto, "parsePKCS12");
      const found = parse(bundle, { passphrase: "secret" });
      return [
        Object.keys(found),
        JSON.stringify(found).length > 0,
        thrown(() => parse(bundle, { passphrase: "wrong" })),
      ];
    },
  };
}

const spkac = Buffer.from(spkacText.replaceAll("\n", ""));

function ofSpkac(): Record<string, Check> {
  return {
    Certificate: () => [
      Reflect.apply(member(crypto, "Certificate"), undefined, []) instanceof
        crypto.Certificate,
    ],
    "Certificate#verifySpkac": () => [
      new crypto.Certificate().verifySpkac(spkac),
      thrown(() => member(new crypto.Certificate(), "verifySpkac")(1)),
    ],
    "Certificate#exportPublicKey": () =>
      new crypto.Certificate().exportPublicKey(spkac),
    "Certificate#exportChallenge": () =>
      new crypto.Certificate().exportChallenge(spkac),
    "Certificate.verifySpkac": () => crypto.Certificate.verifySpkac(spkac),
    "Certificate.exportPublicKey": () =>
      crypto.Certificate.exportPublicKey(spkac),
    "Certificate.exportChallenge": () =>
      crypto.Certificate.exportChallenge(spkac),
  };
}
