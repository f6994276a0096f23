/** Signatures and what else is done with a pair of keys. */
import * as crypto from "node:crypto";
import {
  bytesOf,
  checkBound,
  field,
  maybeBytes,
  maybeNumber,
  maybeText,
  numberOf,
  own,
  present,
  refuse,
  textOf,
} from "./crypto-bounds.ts";
import { Kept } from "./crypto-kept.ts";
import type { Keys, KeyWish } from "./crypto-keys.ts";
import type { HostOperations } from "./operations.ts";

const slowSignatures = /^slh-dsa-.*s$/;
const rsaFunctions = {
  publicEncrypt: crypto.publicEncrypt,
  publicDecrypt: crypto.publicDecrypt,
  privateEncrypt: crypto.privateEncrypt,
  privateDecrypt: crypto.privateDecrypt,
} as const;

const rsaKeyWishes = {
  publicEncrypt: "public",
  publicDecrypt: "public",
  privateEncrypt: "private",
  privateDecrypt: "private",
} as const;

export function asymmetricOperations(keys: Keys): HostOperations {
  const open = new Kept<crypto.Sign | crypto.Verify>("openStreams");
  const keyOf = (wanted: KeyWish, reference: unknown, options: unknown) => ({
    ...keys.input(reference, wanted),
    ...signOptions(options),
  });
  const signed = (sign: crypto.Sign, reference: unknown, options: unknown) =>
    own(sign.sign(looseKey(keyOf("private", reference, options))));
  const verified = (
    verify: crypto.Verify,
    reference: unknown,
    options: unknown,
    signature: unknown,
  ) =>
    verify.verify(
      looseKey(keyOf("public", reference, options)),
      bytesOf(signature),
    );
  return {
    "crypto.sign": (algorithm, data, reference, options) =>
      signed(
        crypto.createSign(textOf(algorithm)).update(pieceOf(data)),
        reference,
        options,
      ),
    "crypto.verify": (algorithm, data, reference, options, signature) =>
      verified(
        crypto.createVerify(textOf(algorithm)).update(pieceOf(data)),
        reference,
        options,
        signature,
      ),
    "crypto.sign.open": (id, algorithm) =>
      open.set(numberOf(id), crypto.createSign(textOf(algorithm))),
    "crypto.verify.open": (id, algorithm) =>
      open.set(numberOf(id), crypto.createVerify(textOf(algorithm))),
    "crypto.sign.update": (id, data) =>
      void open.need(numberOf(id)).update(pieceOf(data)),
    "crypto.sign.end": (id, reference, options) => {
      const sign = open.need(numberOf(id));
      open.delete(numberOf(id));
      if (!("sign" in sign)) refuse("this is to verify");
      return signed(sign, reference, options);
    },
    "crypto.verify.end": (id, reference, options, signature) => {
      const verify = open.need(numberOf(id));
      open.delete(numberOf(id));
      if (!("verify" in verify)) refuse("this is to sign");
      return verified(verify, reference, options, signature);
    },
    "crypto.sign.once": (algorithm, data, reference, options) => {
      const input = keyOf("private", reference, options);
      refuseSlow(input.key);
      return own(
        crypto.sign(
          maybeText(algorithm),
          bytesOf(data, "wholeBytes"),
          looseKey(input),
        ),
      );
    },
    "crypto.verify.once": (algorithm, data, reference, options, signature) =>
      crypto.verify(
        maybeText(algorithm),
        bytesOf(data, "wholeBytes"),
        looseKey(keyOf("public", reference, options)),
        bytesOf(signature),
      ),
    "crypto.rsa": (name, reference, data, options) =>
      own(
        rsaFunctions[rsaName(name)](
          looseKey({
            ...keys.input(reference, rsaKeyWishes[rsaName(name)]),
            ...rsaOptions(options),
          }),
          bytesOf(data),
        ),
      ),
    "crypto.agree": (publicReference, privateReference) =>
      own(
        crypto.diffieHellman({
          publicKey: agreeing(keys.input(publicReference, "public")),
          privateKey: agreeing(keys.input(privateReference, "private")),
        }),
      ),
    "crypto.encapsulate": (reference) => {
      const { sharedKey, ciphertext } = crypto.encapsulate(
        looseKey(agreeing(keys.input(reference, "public"))),
      );
      return [own(sharedKey), own(ciphertext)];
    },
    "crypto.decapsulate": (reference, ciphertext) =>
      own(
        crypto.decapsulate(
          looseKey(agreeing(keys.input(reference, "private"))),
          bytesOf(ciphertext),
        ),
      ),
  };
}

function pieceOf(data: unknown): Uint8Array {
  return bytesOf(data, "pieceBytes");
}

/** These take a key without options. */
function agreeing({ key }: { key: crypto.KeyObject }): never {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's types are narrower
  return key as never;
}

/** Node's types know fewer forms of keys than Node. */
function looseKey(input: object): never {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node checks what it is given
  return input as never;
}

function signOptions(options: unknown): object {
  const encoding = maybeText(field(options, "dsaEncoding"));
  const saltLength = maybeNumber(field(options, "saltLength"));
  if (saltLength !== undefined) checkBound("partBytes", saltLength);
  return present({
    dsaEncoding: encoding,
    saltLength,
    padding: maybeNumber(field(options, "padding")),
    context: maybeBytes(field(options, "context")),
  });
}

function rsaOptions(options: unknown): object {
  return present({
    padding: maybeNumber(field(options, "padding")),
    oaepHash: maybeText(field(options, "oaepHash")),
    oaepLabel: maybeBytes(field(options, "oaepLabel")),
    mgf1Hash: maybeText(field(options, "mgf1Hash")),
  });
}

function rsaName(name: unknown): keyof typeof rsaFunctions {
  const text = textOf(name);
  if (!Object.hasOwn(rsaFunctions, text)) refuse("no such function");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it was just looked up
  return text as keyof typeof rsaFunctions;
}

function refuseSlow(key: unknown): void {
  const type =
    key instanceof crypto.KeyObject ? key.asymmetricKeyType : undefined;
  if (type !== undefined && slowSignatures.test(type))
    refuse(`${type} takes too long for this runtime`);
}
