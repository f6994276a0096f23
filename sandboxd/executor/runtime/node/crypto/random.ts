/** Randomness and primes. */
import { bytesOfAny, lengthOf, setBytes } from "../bytes/views.ts";
import { arrayBuffer, jobClass } from "./jobs.ts";
import type { Members, Tools } from "./tools.ts";

/** Of the host's: what it gives in one call. */
const maxAtOnce = 1024 * 1024;

/** Fills a part of what is left open. */
export function randomInto(
  { host }: Tools,
  bytes: Uint8Array,
  start = 0,
  end = lengthOf(bytes),
): void {
  for (let at = start; at < end; at += maxAtOnce) {
    const made = host("crypto.random", Math.min(maxAtOnce, end - at));
    if (made instanceof Uint8Array) setBytes(bytes, made, at);
  }
}

export function randomMembers(tools: Tools): Members {
  const { host, copy } = tools;
  const maybe = (value: unknown) =>
    value === undefined ? undefined : copy(value);
  return {
    RandomBytesJob: jobClass(tools, (_mode, target, offset, size) => {
      const start = Number(offset);
      randomInto(tools, bytesOfAny(target), start, start + Number(size));
    }),
    RandomPrimeJob: jobClass(tools, (_mode, bits, isSafe, add, rem) =>
      arrayBuffer(
        host(
          "crypto.prime",
          Number(bits),
          isSafe === true,
          maybe(add),
          maybe(rem),
        ),
      ),
    ),
    CheckPrimeJob: jobClass(tools, (_mode, candidate, checks) =>
      host("crypto.prime.check", copy(candidate), Number(checks)),
    ),
    secureBuffer: (size: number) => new Uint8Array(size),
    secureHeapUsed: () => undefined,
  };
}
