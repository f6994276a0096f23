/** What an answer always carries, proto3 still calls optional. */
import { AnnexError } from "../../proto/errors.ts";

/** The value, which the control plane always sends. */
export function present<Value>(value: Value | undefined): Value {
  if (value !== undefined) return value;
  throw new AnnexError(
    "internal",
    "the control plane's answer is incomplete; are CLI and control plane of one release?",
  );
}
