/** X509Certificate's base, and what is left of SPKAC. A certificate is its bytes; the host reads them again at each question. */
import { named } from "./key-classes.ts";
import type { KeyMembers } from "./keys.ts";
import type { HostValue } from "../realm.ts";
import type { Members, Tools } from "./tools.ts";

type Described = Readonly<Record<string, HostValue>>;
/** As the broker takes them for one connection. */
const maxUserRoots = 16;

type Make<Base> = (base: Base) => unknown;

export function certificateMembers(tools: Tools, keys: KeyMembers): Members {
  const { host, copy, buffer, nextId } = tools;
  const known = new WeakMap<object, Described>();
  const described = (certificate: object): Described => {
    const found = known.get(certificate);
    if (found) return found;
    throw new TypeError("Illegal invocation");
  };
  const raw = (certificate: object) => copy(described(certificate)["raw"]);
  const buffered = (value: HostValue) =>
    value instanceof Uint8Array ? buffer(value) : value;

  class NativeX509Certificate {
    constructor(data: unknown) {
      const told = host("crypto.x509", copy(data));
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the host describes each
      known.set(this, told as Described);
    }

    checkHost(name: string, flags: number): unknown {
      return host("crypto.x509.asks", raw(this), "checkHost", name, flags);
    }

    checkEmail(email: string, flags: number): unknown {
      return host("crypto.x509.asks", raw(this), "checkEmail", email, flags);
    }

    checkIP(ip: string, flags: number): unknown {
      return host("crypto.x509.asks", raw(this), "checkIP", ip, flags);
    }

    checkIssued(other: object): unknown {
      return host("crypto.x509.issued", raw(this), raw(other));
    }

    checkPrivateKey(key: unknown): unknown {
      return host("crypto.x509.private", raw(this), keys.reference(key));
    }

    verify(key: unknown): unknown {
      return host("crypto.x509.verify", raw(this), keys.reference(key));
    }

    publicKey(): unknown {
      return keys.adopt(
        "public",
        nextId(),
        host("crypto.x509.publicKey", raw(this)),
      );
    }

    raw(): unknown {
      return buffer(raw(this));
    }

    validFromDate(): Date {
      return new Date(Number(described(this)["validFromMs"]));
    }

    validToDate(): Date {
      return new Date(Number(described(this)["validToMs"]));
    }

    checkCA(): unknown {
      return described(this)["ca"];
    }

    /** Known only of a certificate that came over a connection. */
    getIssuerCert(): undefined {
      return undefined;
    }

    toLegacy(): unknown {
      const legacy = host("crypto.x509.legacy", raw(this));
      const entries = Object.entries(Object(legacy)).map(
        ([name, value]): [string, unknown] => [
          name,
          withoutPrototype(value, buffered),
        ],
      );
      return Object.assign(Object.create(null), Object.fromEntries(entries));
    }
  }

  for (const name of [
    "subject",
    "subjectAltName",
    "issuer",
    "infoAccess",
    "validFrom",
    "validTo",
    "fingerprint",
    "fingerprint256",
    "fingerprint512",
    "keyUsage",
    "serialNumber",
    "signatureAlgorithm",
    "signatureAlgorithmOid",
    "pem",
  ])
    Object.defineProperty(NativeX509Certificate.prototype, name, {
      value(this: object) {
        return described(this)[name];
      },
    });

  let userRoots: string[] = [];
  /** As they were: what had been set is taken back. */
  const areWellKnown = (given: readonly unknown[]) => {
    const roots = host("crypto.rootCertificates");
    return (
      Array.isArray(roots) &&
      roots.length === given.length &&
      roots.every((root, at) => root === given[at])
    );
  };
  return {
    createX509CertificateClass: (make: Make<typeof NativeX509Certificate>) =>
      named(make(NativeX509Certificate)),
    isX509Certificate: (value: object) => known.has(value),
    parseX509: (data: unknown) => new NativeX509Certificate(data),
    certVerifySpkac: (data: unknown) => host("crypto.spkac.verify", copy(data)),
    certExportPublicKey: (data: unknown) =>
      buffered(host("crypto.spkac.publicKey", copy(data))),
    certExportChallenge: (data: unknown) =>
      buffered(host("crypto.spkac.challenge", copy(data))),
    getBundledRootCertificates: () => host("crypto.rootCertificates"),
    getExtraCACertificates: () => [],
    getSystemCACertificates: () => [],
    getUserRootCertificates: () => [...userRoots],
    startLoadingCertificatesOffThread: () => undefined,
    getCertificateCompressionAlgorithms: () => [],
    // For this isolate's own connections: the broker's are no guest's to change.
    resetRootCertStore: (given: (string | Uint8Array)[]) => {
      if (areWellKnown(given)) {
        userRoots = [];
        return;
      }
      if (given.length > maxUserRoots)
        throw new RangeError(
          `tls.setDefaultCACertificates takes up to ${maxUserRoots} certificates here: to trust one more beside the well-known roots is not offered`,
        );
      const pems = given.map((one) => host("crypto.x509", copy(one)));
      userRoots = [...new Set(pems.map((told) => String(Object(told).pem)))];
    },
  };
}

/** The names of a subject are an object without prototype, as in Node. */
function withoutPrototype(
  value: unknown,
  buffered: (value: HostValue) => unknown,
): unknown {
  if (value instanceof Uint8Array) return buffered(value);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return value;
  return Object.assign(Object.create(null), value);
}
