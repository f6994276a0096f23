/**
 * Certificates and a key on an elliptic curve that is spelled out, over a field in which square roots take longest: points
 * are given by one coordinate, so that reading one takes a fifth of a second of OpenSSL. Nothing in them is signed.
 */

import { bits, hex, integer, of, pem, sequence } from "./der.ts";

/** A prime just above a power of two many times over. */
const prime = 141n * 2n ** 640n + 1n;
const bytesOfNumber = 81;
const a = 1n;
const b = 7n;

export function costlyCertificates(count: number): string {
  const [base = 0n, point = 0n] = points();
  const publicKey = sequence(algorithm(base), bits(compressed(point)));
  return Array.from({ length: count }, (_, at) =>
    pem("CERTIFICATE", certificate(at + 1, publicKey)),
  ).join("");
}

export function costlyKey(): string {
  const [base = 0n] = points();
  const key = sequence(integer(1n), of(0x04, fixed(5n)));
  return pem(
    "PRIVATE KEY",
    sequence(integer(0n), algorithm(base), of(0x04, key)),
  );
}

/** Two whose right side of the equation is a square. */
function points(): bigint[] {
  const found: bigint[] = [];
  for (let x = 2n; found.length < 2; x++)
    if (power(x * x * x + a * x + b, (prime - 1n) / 2n) === 1n) found.push(x);
  return found;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base % prime;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}

function algorithm(base: bigint): Buffer {
  return sequence(
    of(0x06, hex("2a8648ce3d0201")),
    sequence(
      integer(1n),
      sequence(of(0x06, hex("2a8648ce3d0101")), integer(prime)),
      sequence(of(0x04, fixed(a)), of(0x04, fixed(b))),
      of(0x04, compressed(base)),
      integer(prime - 2n),
      integer(1n),
    ),
  );
}

function certificate(serial: number, publicKey: Buffer): Buffer {
  const signing = sequence(of(0x06, hex("2a8648ce3d040302")));
  const name = sequence(
    of(
      0x31,
      sequence(of(0x06, hex("550403")), of(0x0c, Buffer.from("costly"))),
    ),
  );
  const times = ["200101000000Z", "400101000000Z"];
  const validity = sequence(
    ...times.map((text) => of(0x17, Buffer.from(text))),
  );
  const number = integer(BigInt(serial));
  return sequence(
    sequence(number, signing, name, validity, name, publicKey),
    signing,
    bits(sequence(integer(1n), integer(1n))),
  );
}

function compressed(x: bigint): Buffer {
  return Buffer.concat([hex("02"), fixed(x)]);
}

function fixed(number: bigint): Buffer {
  return hex(number.toString(16).padStart(2 * bytesOfNumber, "0"));
}
