/**
 * An encrypted private key says itself how much work its passphrase is to cost, up to hours. So the numbers in its
 * header are read before OpenSSL sees it.
 */
import { checkBound, refuse } from "./crypto-bounds.ts";

const pemPattern =
  /-----BEGIN ENCRYPTED PRIVATE KEY-----([A-Za-z0-9+/\s]+(?:={1,2}\s*)?)-----END/;
/** As OpenSSL and Node write them: the kinds that cannot hold a key encrypted once more. */
const legacyPattern =
  /^\s*-----BEGIN (?:RSA|EC|DSA) PRIVATE KEY-----\r?\nProc-Type: 4,ENCRYPTED\r?\n/;
const unreadable =
  "an encrypted private key is read here in PEM or DER as their standards have it";
/** 1.3.6.1.4.1.11591.4.11 */
const scryptId = Buffer.from("060b2b06010401da47040b", "hex");
const sequence = 0x30;
const integer = 0x02;
const maxHeaderBytes = 1024;

export function checkEncryptedKey(key: Buffer): void {
  const text = key.toString("latin1");
  const isPem = text.includes("-----BEGIN");
  const pem = pemPattern.exec(text)?.[1];
  if (isPem && pem === undefined) {
    // OpenSSL forgives much: what is not read here it might read.
    if (text.includes("ENCRYPTED PRIVATE KEY")) refuse(unreadable);
    // Its passphrase costs nothing by itself, but what is under it could be an encrypted key again.
    if (text.includes("ENCRYPTED") && !legacyPattern.test(text))
      refuse(unreadable);
    return;
  }
  if (text.split("ENCRYPTED PRIVATE KEY").length > 3) refuse(unreadable);
  const der = pem === undefined ? key : Buffer.from(pem, "base64");
  if (der[0] !== sequence) return;
  const whole = elementAt(der, 0) ?? refuse(unreadable);
  // A key in the clear begins with its version.
  if (der[whole.start] === integer) return;
  const header = elementAt(der, whole.start) ?? refuse(unreadable);
  if (header.tag !== sequence) return;
  const algorithm = der.subarray(header.start, header.end);
  if (algorithm.byteLength > maxHeaderBytes)
    refuse("this private key has too long a header");
  if (algorithm.includes(scryptId))
    refuse("private keys under scrypt are not read here");
  checkNumbers(algorithm);
}

/** Every INTEGER of the header, however deep. */
function checkNumbers(der: Buffer): void {
  for (let at = 0; at < der.byteLength;) {
    const element = elementAt(der, at);
    if (!element) refuse(unreadable);
    const content = der.subarray(element.start, element.end);
    if (element.tag === integer)
      checkBound(
        "keyIterations",
        Number(`0x${content.toString("hex") || "0"}`),
      );
    else if (element.tag === sequence) checkNumbers(content);
    at = element.end;
  }
}

interface Element {
  tag: number;
  start: number;
  end: number;
}

function elementAt(der: Buffer, at: number): Element | undefined {
  const tag = der[at];
  const first = der[at + 1];
  if (tag === undefined || first === undefined) return undefined;
  // An indefinite length, or one with zeros before it, is no DER; OpenSSL reads them all the same.
  if (first === 0x80) return undefined;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (lengthBytes > 4 || at + 2 + lengthBytes > der.byteLength)
    return undefined;
  const start = at + 2 + lengthBytes;
  const length =
    lengthBytes === 0 ? first : der.readUIntBE(at + 2, lengthBytes);
  if (start + length > der.byteLength) return undefined;
  return { tag, start, end: start + length };
}
