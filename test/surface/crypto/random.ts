/** Checks of what is random: the shape and that no two are the same. */
import * as crypto from "node:crypto";
import { called, member, thrown, type Check } from "../check.ts";

const uuid =
  /^[\da-f]{8}-[\da-f]{4}-([47])[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

export function randomChecks(): Record<string, Check> {
  return {
    randomBytes: async () => {
      const [error, later] = await called((callback) =>
        crypto.randomBytes(16, callback),
      );
      const [a, b] = [crypto.randomBytes(16), crypto.randomBytes(16)];
      return [
        error,
        later instanceof Buffer && later.length,
        a.equals(b),
        Buffer.isBuffer(a),
        thrown(() => crypto.randomBytes(-1)),
      ];
    },
    randomFill: async () => {
      const bytes = Buffer.alloc(64);
      const [error, filled] = await called((callback) =>
        crypto.randomFill(bytes, 32, callback),
      );
      return [
        error,
        filled === bytes,
        bytes.subarray(0, 32).every((byte) => byte === 0),
        bytes.subarray(32).some((byte) => byte !== 0),
      ];
    },
    randomFillSync: () => {
      const bytes = new Uint32Array(16);
      return [
        crypto.randomFillSync(bytes) === bytes,
        bytes.some((each) => each > 0xff),
        thrown(() => member(crypto, "randomFillSync")("text")),
      ];
    },
    randomInt: async () => {
      const many = Array.from({ length: 200 }, () => crypto.randomInt(3, 6));
      const [error, later] = await called((callback) =>
        crypto.randomInt(2, callback),
      );
      return [
        [3, 4, 5].map((each) => many.includes(each)),
        error,
        later === 0 || later === 1,
        thrown(() => crypto.randomInt(5, 5)),
      ];
    },
    randomUUID: () => [
      uuid.exec(crypto.randomUUID())?.[1],
      crypto.randomUUID() === crypto.randomUUID(),
      uuid.exec(crypto.randomUUID({ disableEntropyCache: true }))?.[1],
    ],
    randomUUIDv7: () => [
      uuid.exec(member(crypto, "randomUUIDv7")())?.[1],
      member(crypto, "randomUUIDv7")() === member(crypto, "randomUUIDv7")(),
    ],
    getRandomValues: () => {
      const bytes = new Uint8Array(32);
      return [
        crypto.getRandomValues(bytes) === bytes,
        bytes.some((byte) => byte !== 0),
        thrown(() => crypto.getRandomValues(new Uint8Array(65_537))),
        thrown(() => member(crypto, "getRandomValues")(new Float64Array(1))),
      ];
    },
    checkPrime: async () => [
      await called((callback) => crypto.checkPrime(97n, callback)),
      await called((callback) => crypto.checkPrime(98n, callback)),
    ],
    checkPrimeSync: () => [
      crypto.checkPrimeSync(2_147_483_647n),
      crypto.checkPrimeSync(Buffer.from([0x0f])),
    ],
    generatePrime: async () => {
      const [error, prime] = await called((callback) =>
        crypto.generatePrime(32, { bigint: true }, callback),
      );
      return [error, typeof prime === "bigint" && crypto.checkPrimeSync(prime)];
    },
    generatePrimeSync: () => {
      const prime = crypto.generatePrimeSync(32);
      const of = crypto.generatePrimeSync(16, {
        add: 6n,
        rem: 5n,
        bigint: true,
      });
      return [crypto.checkPrimeSync(prime), prime.byteLength, of % 6n];
    },
  };
}
