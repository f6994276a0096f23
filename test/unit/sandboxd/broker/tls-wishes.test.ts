/** What a guest wishes of TLS costs the broker, which serves all containers, little: it is read before OpenSSL reads it. */
import { expect, test } from "vitest";
import { tlsOptionsOf } from "../../../../sandboxd/broker/tls-wishes.ts";
import type { TlsWishes } from "../../../../sandboxd/protocol.ts";
import { originCertificate, originKey } from "../../../support/certificate.ts";
import {
  costlyCertificates,
  costlyKey,
} from "../../../support/costly-curve.ts";

const read = (wishes: TlsWishes) =>
  tlsOptionsOf(Buffer.from(JSON.stringify(wishes)), [originCertificate]);

/** Of this thread. */
function cpuMs(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

/** One of them is read in some 200 ms. */
const manyCostly = costlyCertificates(250);
const ownCurve = "an elliptic curve for TLS is named";

test.each<[string, TlsWishes]>([
  ["roots", { ca: [manyCostly] }],
  ["roots among others", { ca: [originCertificate, manyCostly] }],
  ["a chain", { cert: originCertificate + costlyCertificates(15) }],
  ["a key", { key: costlyKey() }],
])(
  "%s on a curve that is spelled out are refused, and nothing is spent on them",
  (_name, wishes) => {
    const ms = cpuMs(() => expect(() => read(wishes)).toThrow(ownCurve));
    expect(ms).toBeLessThan(150);
  },
);

test.each<[string, TlsWishes, string]>([
  [
    "more roots than any bundle has",
    { ca: [originCertificate.concat("\n").repeat(257)] },
    "may have 256 certificates",
  ],
  [
    "a long chain",
    { cert: originCertificate.concat("\n").repeat(17) },
    "may have 16 certificates",
  ],
  [
    "headers that ask for a password",
    {
      cert: originCertificate.replace(
        "-----\n",
        "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n",
      ),
    },
    "the certificates of TLS are malformed",
  ],
  ["roots that are none", { ca: [""] }, "malformed"],
  ["a NUL", { ca: [`${originCertificate}\0`.repeat(2), "\0"] }, ""],
  [
    "a certificate without an end",
    { ca: ["-----BEGIN CERTIFICATE-----\nAA"] },
    "malformed",
  ],
  [
    "a key without a beginning",
    { key: "-----END PRIVATE KEY-----" },
    "malformed",
  ],
])("%s: in words, or as if it were not there", (_name, wishes, words) => {
  if (words === "") read(wishes);
  else expect(() => read(wishes)).toThrow(words);
});

test("roots, chains and keys are taken as Node takes them, with text around them and other ends of lines", () => {
  const around = `Subject: x\n=====\n${originCertificate.replaceAll("\n", "\r\n")}\ntrailing words`;
  const bundle = originCertificate.concat("\n").repeat(120);
  for (const wishes of [
    { ca: [around, bundle] },
    { ca: [around], cert: around, key: `words\n${originKey}\n` },
    { cert: originCertificate, key: originKey.replaceAll("\n", "\r\n") },
  ])
    expect(read(wishes).secureContext).toBeTruthy();
});
