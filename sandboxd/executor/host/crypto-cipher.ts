/** Ciphers under way, and what an algorithm wants. */
import {
  createCipheriv,
  createDecipheriv,
  getCipherInfo,
  getCiphers,
  type CipherGCM,
  type DecipherGCM,
} from "node:crypto";
import {
  bytesOf,
  checkBound,
  field,
  maybeNumber,
  maybeText,
  numberOf,
  own,
  present,
  refuse,
  textOf,
} from "./crypto-bounds.ts";
import { Kept } from "./crypto-kept.ts";
import type { HostOperations } from "./operations.ts";

type Open = { isBitwise: boolean } & (
  | { encrypts: true; cipher: CipherGCM }
  | { encrypts: false; cipher: DecipherGCM }
);

/** Modes that work bit by bit, or byte by byte. */
const bitwise = /cfb[18]$/i;
/** Modes that take their data at once. */
const whole = /ccm|wrap|siv|xts|cts/i;

export function cipherOperations(): HostOperations {
  const open = new Kept<Open>("openStreams");
  const need = (id: unknown) => open.need(numberOf(id));
  return {
    "crypto.ciphers": () => getCiphers(),
    "crypto.cipher.info": (name, options) =>
      getCipherInfo(
        typeof name === "number" ? String(nameOf(name)) : textOf(name),
        present({
          keyLength: maybeNumber(field(options, "keyLength")),
          ivLength: maybeNumber(field(options, "ivLength")),
        }),
      ),
    /** Answers how many bytes may come in one piece. */
    "crypto.cipher.open": (id, encrypts, name, key, iv, options) => {
      const algorithm = textOf(name);
      const create = encrypts === true ? createCipheriv : createDecipheriv;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a cipher of any mode; Node refuses what one has not
      const cipher = create(
        algorithm,
        bytesOf(key),
        iv === null ? null : bytesOf(iv),
        optionsOf(options),
      ) as CipherGCM & DecipherGCM;
      const isBitwise = bitwise.test(algorithm);
      open.set(numberOf(id), {
        encrypts: encrypts === true,
        cipher,
        isBitwise,
      });
      return whole.test(algorithm) ? "whole" : isBitwise ? "bitwise" : "piece";
    },
    "crypto.cipher.update": (id, data) => {
      const { cipher, isBitwise } = need(id);
      const bytes = bytesOf(
        data,
        isBitwise ? "bitwisePieceBytes" : "wholeBytes",
      );
      return own(cipher.update(bytes));
    },
    /** Its last bytes, and the tag of what was encrypted in a mode that has one. */
    "crypto.cipher.end": (id) => {
      const { cipher, encrypts } = need(id);
      open.delete(numberOf(id));
      const last = own(cipher.final());
      return [last, encrypts ? tagOf(cipher) : undefined];
    },
    "crypto.cipher.tag": (id, tag) => {
      const { cipher, encrypts } = need(id);
      if (encrypts) refuse("only what is decrypted is given a tag");
      cipher.setAuthTag(bytesOf(tag));
    },
    "crypto.cipher.extra": (id, extra, plaintextLength) => {
      const options = present({ plaintextLength: lengthIn(plaintextLength) });
      need(id).cipher.setAAD(bytesOf(extra, "wholeBytes"), options);
    },
    "crypto.cipher.padding": (id, isOn) =>
      void need(id).cipher.setAutoPadding(isOn === true),
  };
}

function optionsOf(options: unknown): object {
  const authTagLength = maybeNumber(field(options, "authTagLength"));
  if (authTagLength !== undefined) checkBound("partBytes", authTagLength);
  return present({
    authTagLength,
    ctsMode: maybeText(field(options, "ctsMode")),
    xtsStandard: maybeText(field(options, "xtsStandard")),
  });
}

/** Of any other number, Node's binding makes an end of the process. */
function lengthIn(value: unknown): number | undefined {
  const length = maybeNumber(value);
  if (length === undefined) return undefined;
  checkBound("wholeBytes", length);
  if (!Number.isSafeInteger(length) || length < 0) refuse("no such length");
  return length;
}

function tagOf(cipher: CipherGCM): Uint8Array | undefined {
  try {
    return own(cipher.getAuthTag());
  } catch {
    return undefined;
  }
}

/** By its number in OpenSSL. */
function nameOf(number: number): string | undefined {
  return getCipherInfo(number)?.name;
}
