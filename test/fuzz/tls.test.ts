/** Whatever TLS a guest wishes for: the broker, whose native code reads certificates, keys and names, lives, and says so. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { TlsWishes } from "../../sandboxd/protocol.ts";
import { openSocket } from "../support/broker-socket.ts";
import { startTestBroker } from "../support/broker.ts";
import { originCertificate, originKey } from "../support/certificate.ts";
import { startTlsServer } from "../support/tcp-server.ts";
import { mutantsOf } from "./mutants.ts";
import { fuzzSettings } from "./settings.ts";

const { isLong: _isLong, ...settings } = fuzzSettings(400);

/** A PEM text with some of what it encodes changed, or of its own lines. */
const changedPem = (pem: string) =>
  fc
    .array(
      fc.record({
        at: fc.nat(pem.length - 1),
        by: fc.constantFrom("A", "/", "=", "\n", "\0", "-", " ", "é", ""),
      }),
      { maxLength: 4 },
    )
    .map((changes) => {
      const chars = pem.split("");
      for (const { at, by } of changes) chars[at] = by;
      return chars.join("");
    });

const certificate = changedPem(originCertificate);
const names = fc.constantFrom(
  "origin.test",
  "",
  "a\0b",
  "é".repeat(255),
  "\ud800",
  ".",
  "127.0.0.1",
  "x".repeat(255),
  "x".repeat(256),
  "*.origin.test",
);
const versions = fc.constantFrom("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", "x");

const wished = fc.record(
  {
    servername: names,
    identity: names,
    alpnProtocols: fc.array(
      fc.constantFrom("a", "", "\ud800", "é".repeat(128), "x".repeat(255)),
      { maxLength: 17 },
    ),
    ca: fc.array(certificate, { maxLength: 3 }),
    cert: certificate,
    key: changedPem(originKey),
    ciphers: fc.constantFrom(
      "ALL",
      "",
      ":",
      "@SECLEVEL=9",
      "TLS_AES_128_GCM_SHA256",
      "TLS_AES_128_CCM_SHA256:TLS_",
      "\0",
      "!ALL",
      "-".repeat(2048),
      "PSK:SRP:aNULL:eNULL:@SECLEVEL=0",
    ),
    minVersion: versions,
    maxVersion: versions,
    rejectUnauthorized: fc.boolean(),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const whole: TlsWishes = {
  servername: "origin.test",
  identity: "origin.test",
  alpnProtocols: ["a"],
  ca: [originCertificate],
  cert: originCertificate,
  key: originKey,
  ciphers: "ALL",
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.3",
  rejectUnauthorized: true,
};
const wishes = fc.oneof(
  { weight: 2, arbitrary: wished },
  { weight: 1, arbitrary: mutantsOf([whole]) },
);

test("whatever TLS a guest wishes for, from the start or later, its connection is secured or fails, and the next one works", async () => {
  const { broker, warnings } = await startTestBroker({
    policy: { maxRequests: 1e9, maxBytes: 1e12 },
  });
  const { port } = await startTlsServer((socket) => socket.pipe(socket), {
    ALPNProtocols: ["a"],
    requestCert: true,
    rejectUnauthorized: false,
  });
  let secured = 0;
  let failed = 0;
  const open = async (given: unknown, isLater: boolean) => {
    const tls = Buffer.from(JSON.stringify(given) ?? "");
    const opened = openSocket(broker, port, isLater ? {} : { wishes: tls });
    if (isLater) {
      await opened.heard("connected");
      opened.socket.upgrade(tls);
    }
    await Promise.race([
      opened.heard("secured"),
      opened.heard("failed"),
      opened.heard("end"),
    ]);
    const isSecured = opened.events.includes("secured");
    if (isSecured) secured += 1;
    else failed += 1;
    expect(opened.problem?.code ?? "").toMatch(/^[A-Z0-9_]*$/);
    opened.socket.abort();
    return isSecured;
  };
  await fc.assert(
    fc.asyncProperty(wishes, fc.boolean(), async (given, isLater) => {
      await open(given, isLater);
      expect(warnings).toEqual([]);
    }),
    { ...settings, endOnFailure: true },
  );
  expect(secured).toBeGreaterThan(settings.numRuns / 50);
  expect(failed).toBeGreaterThan(settings.numRuns / 10);
  expect(await open(whole, true)).toBe(true);
}, 3_600_000);
