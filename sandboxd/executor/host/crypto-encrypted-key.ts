/**
 * An encrypted private key says itself how much work its passphrase is to cost, up to hours. So the numbers in its
 * header are read before OpenSSL sees it.
 */
import { checkBound, refuse } from "./crypto-bounds.ts";

const pemPattern =
  /-----BEGIN ENCRYPTED PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END/;
/** 1.3.6.1.4.1.11591.4.11 */
const scryptId = Buffer.from("060b2b06010401da47040b", "hex");
const sequence = 0x30;
const integer = 0x02;
const maxHeaderBytes = 1024;

export function checkEncryptedKey(key: Buffer): void {
  const pem = pemPattern.exec(key.toString("latin1"))?.[1];
  const der = pem === undefined ? key : Buffer.from(pem, "base64");
  const whole = elementAt(der, 0);
  if (whole?.tag !== sequence) return;
  const header = elementAt(der, whole.start);
  // A key in the clear begins with its version.
  if (header?.tag !== sequence) return;
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
    if (!element) return;
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
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (lengthBytes > 4 || at + 2 + lengthBytes > der.byteLength)
    return undefined;
  const start = at + 2 + lengthBytes;
  const length =
    lengthBytes === 0 ? first : der.readUIntBE(at + 2, lengthBytes);
  return { tag, start, end: Math.min(start + length, der.byteLength) };
}
