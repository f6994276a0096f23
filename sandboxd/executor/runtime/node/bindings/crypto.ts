/** What Node's library calls for crypto; all work is the host's, all state that must outlast a call is here. */
import { asymmetricMembers } from "../crypto/asymmetric.ts";
import { certificateMembers } from "../crypto/certificates.ts";
import { cipherMembers } from "../crypto/ciphers.ts";
import { deriveMembers } from "../crypto/derive.ts";
import { digestMembers } from "../crypto/digests.ts";
import { timingSafeEqual } from "../crypto/equal.ts";
import { exchangeMembers } from "../crypto/exchange.ts";
import { generateMembers } from "../crypto/generate.ts";
import { keyMembers } from "../crypto/keys.ts";
import { macMembers } from "../crypto/macs.ts";
import { randomMembers } from "../crypto/random.ts";
import { signatureMembers } from "../crypto/signatures.ts";
import { createTools } from "../crypto/tools.ts";
import { nativeError } from "../bytes/views.ts";
import type { Exports, RealmParts } from "../realm.ts";

export function createBinding(parts: RealmParts): Exports {
  const tools = createTools(parts);
  const keys = keyMembers(tools);
  return {
    ...digestMembers(tools),
    ...macMembers(tools),
    ...cipherMembers(tools),
    ...keys.members,
    ...generateMembers(tools, keys),
    ...signatureMembers(tools, keys),
    ...asymmetricMembers(tools, keys),
    ...deriveMembers(tools),
    ...randomMembers(tools),
    ...exchangeMembers(tools),
    ...certificateMembers(tools, keys),
    ...fixed(),
    timingSafeEqual,
    getPqcKeyTypes: () => pqcKeyTypes(),
    parsePKCS12: () => {
      throw unavailable("a PKCS #12 bundle");
    },
  };
}

/** Engines, FIPS providers and the like are of the process, which no guest changes. */
function fixed(): Exports {
  return {
    setEngine: undefined,
    getFipsCrypto: () => 0,
    getFipsCryptoGeneration: () => 0,
    testFipsCrypto: () => false,
    setFipsCrypto: (value: unknown) => {
      if (value) throw unavailable("FIPS mode");
    },
    setupFipsIndicatorChannel: () => undefined,
    secureHeapUsed: () => 0n,
    getOpenSSLSecLevelCrypto: () => defaultSecurityLevel,
  };
}

const defaultSecurityLevel = 2;

/** Of Node 26's OpenSSL. */
function pqcKeyTypes(): string[] {
  const types = ["44", "65", "87"].map((size) => `ML-DSA-${size}`);
  types.push(...["512", "768", "1024"].map((size) => `ML-KEM-${size}`));
  for (const hash of ["SHA2", "SHAKE"])
    for (const size of ["128", "192", "256"])
      for (const speed of ["f", "s"])
        types.push(`SLH-DSA-${hash}-${size}${speed}`);
  return types;
}

function unavailable(what: string): Error {
  return nativeError(
    Error,
    "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM",
    `${what} is not offered by this runtime`,
  );
}
