/** Whether bytes are the same, in a time that does not tell where they differ. */
import { bytesOfAny, lengthOf, nativeError } from "../bytes/views.ts";

export function timingSafeEqual(one: unknown, other: unknown): boolean {
  const left = bytesFor("buf1", one);
  const right = bytesFor("buf2", other);
  const length = lengthOf(left);
  if (length !== lengthOf(right))
    throw nativeError(
      RangeError,
      "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH",
      "Input buffers must have the same byte length",
    );
  let difference = 0;
  for (let at = 0; at < length; at++)
    difference |= (left[at] ?? 0) ^ (right[at] ?? 0);
  return difference === 0;
}

function bytesFor(name: string, value: unknown): Uint8Array {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    return bytesOfAny(value);
  throw nativeError(
    TypeError,
    "ERR_INVALID_ARG_TYPE",
    `The "${name}" argument must be an instance of ArrayBuffer, Buffer, TypedArray, or DataView.`,
  );
}
