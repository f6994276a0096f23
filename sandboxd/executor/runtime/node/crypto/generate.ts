/** Keys that are made, singly and in pairs; as handles, in a form that was asked for, or as keys of WebCrypto. */
import { cut, lengthOf } from "../bytes/views.ts";
import { jobClass, webMode } from "./jobs.ts";
import type { Reference } from "./key-source.ts";
import { keyTypes, type KeyMembers } from "./keys.ts";
import { randomInto } from "./random.ts";
import { maybeNumber, maybeText, type Members, type Tools } from "./tools.ts";

const pssVariant = 1;
const explicitCurve = 0;
const jwkFormat = 2;
const firstRawFormat = 3;
const curveNames = new Map([
  ["P-256", "prime256v1"],
  ["P-384", "secp384r1"],
  ["P-521", "secp521r1"],
]);

/** A handle's methods that give a key's forms. */
interface Forms {
  export: (...parameters: unknown[]) => unknown;
  exportJwk: (target: object) => unknown;
  rawPublicKey: () => unknown;
  rawPrivateKey: () => unknown;
  rawSeed: () => unknown;
  exportECPublicRaw: (form: unknown) => unknown;
  exportECPrivateRaw: () => unknown;
  getAsymmetricKeyType: () => string;
}

export function generateMembers(tools: Tools, keys: KeyMembers): Members {
  const { host, nextId, copy } = tools;

  const pair = (type: string, options: Reference): [Forms, Forms] => {
    const [publicId, privateId] = [nextId(), nextId()];
    const made = host(
      "crypto.key.generate",
      publicId,
      privateId,
      type,
      options,
    );
    const [publicDer, privateDer] = Array.isArray(made) ? made : [];
    // oxlint-disable typescript/no-unsafe-type-assertion -- handles of our own
    return [
      keys.adopt("public", publicId, publicDer) as Forms,
      keys.adopt("private", privateId, privateDer) as Forms,
    ];
    // oxlint-enable typescript/no-unsafe-type-assertion
  };

  /** As asked for after the parameters of the kind: forms, or the particulars of WebCrypto. */
  const finish = (
    mode: unknown,
    [publicKey, privateKey]: [Forms, Forms],
    rest: readonly unknown[],
  ): unknown => {
    if (mode === webMode) {
      const CryptoKey = keys.cryptoKey();
      const [algorithm, publicUsages, privateUsages, extractable] = rest;
      return {
        publicKey: new CryptoKey(publicKey, algorithm, publicUsages, true),
        privateKey: new CryptoKey(
          privateKey,
          algorithm,
          privateUsages,
          extractable,
        ),
      };
    }
    const [
      publicFormat,
      publicType,
      privateFormat,
      privateType,
      cipher,
      passphrase,
    ] = rest;
    return [
      inForm(publicKey, publicFormat, publicType, []),
      inForm(privateKey, privateFormat, privateType, [cipher, passphrase]),
    ];
  };

  const generated = (
    mode: unknown,
    type: string,
    options: Reference,
    rest: readonly unknown[],
  ) => finish(mode, pair(type, options), rest);

  return {
    RsaKeyPairGenJob: jobClass(
      tools,
      (mode, variant, bits, exponent, ...rest) => {
        const options = {
          modulusLength: Number(bits),
          publicExponent: Number(exponent),
        };
        if (variant !== pssVariant)
          return generated(mode, "rsa", options, rest);
        const [hash, mgf1Hash, saltLength, ...encoding] = rest;
        return generated(
          mode,
          "rsa-pss",
          {
            ...options,
            hashAlgorithm: maybeText(hash),
            mgf1HashAlgorithm: maybeText(mgf1Hash),
            saltLength: maybeNumber(saltLength),
          },
          encoding,
        );
      },
    ),
    DsaKeyPairGenJob: jobClass(tools, (mode, bits, divisorBits, ...rest) =>
      generated(
        mode,
        "dsa",
        {
          modulusLength: Number(bits),
          divisorLength: divisorBits === -1 ? undefined : Number(divisorBits),
        },
        rest,
      ),
    ),
    EcKeyPairGenJob: jobClass(tools, (mode, curve, encoding, ...rest) => {
      const name = String(curve);
      return generated(
        mode,
        "ec",
        {
          namedCurve: mode === webMode ? (curveNames.get(name) ?? name) : name,
          paramEncoding: encoding === explicitCurve ? "explicit" : "named",
        },
        rest,
      );
    }),
    NamedKeyPairGenJob: jobClass(tools, (mode, name, ...rest) =>
      generated(mode, String(name).toLowerCase(), {}, rest),
    ),
    DhKeyPairGenJob: jobClass(tools, (mode, primeOrGroup, ...rest) => {
      if (typeof primeOrGroup === "string")
        return generated(mode, "dh", { group: primeOrGroup }, rest);
      const [generator, ...encoding] = rest;
      const prime =
        typeof primeOrGroup === "number"
          ? { primeLength: primeOrGroup }
          : { prime: copy(primeOrGroup) };
      return generated(
        mode,
        "dh",
        { ...prime, generator: Number(generator) },
        encoding,
      );
    }),
    SecretKeyGenJob: jobClass(
      tools,
      (mode, bits, algorithm, usages, extractable) => {
        const length = Number(bits);
        const bytes = new Uint8Array(
          mode === webMode ? Math.ceil(length / 8) : Math.floor(length / 8),
        );
        randomInto(tools, bytes);
        const spare = length % 8;
        const last = lengthOf(bytes) - 1;
        if (mode === webMode && spare !== 0)
          bytes[last] = (bytes[last] ?? 0) & (0xff << (8 - spare));
        const handle = new keys.KeyObjectHandle();
        handle.init(keyTypes.secret, cut(bytes, 0, lengthOf(bytes)));
        if (mode !== webMode) return handle;
        const CryptoKey = keys.cryptoKey();
        return new CryptoKey(handle, algorithm, usages, extractable);
      },
    ),
  };
}

function inForm(
  key: Forms,
  format: unknown,
  type: unknown,
  encryption: readonly unknown[],
): unknown {
  if (typeof format !== "number") return key;
  if (format === jwkFormat) return key.exportJwk({});
  if (format < firstRawFormat) return key.export(format, type, ...encryption);
  const isCurve = key.getAsymmetricKeyType() === "ec";
  if (format === firstRawFormat)
    return isCurve ? key.exportECPublicRaw(type) : key.rawPublicKey();
  if (format > firstRawFormat + 1) return key.rawSeed();
  return isCurve ? key.exportECPrivateRaw() : key.rawPrivateKey();
}
