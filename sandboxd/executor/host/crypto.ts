/** The crypto of one isolate, done by the executor's own Node. */
import { asymmetricOperations } from "./crypto-asymmetric.ts";
import { cipherOperations } from "./crypto-cipher.ts";
import { deriveOperations } from "./crypto-derive.ts";
import { digestOperations } from "./crypto-digest.ts";
import { exchangeOperations } from "./crypto-exchange.ts";
import { createKeys } from "./crypto-keys.ts";
import { certificateOperations } from "./crypto-x509.ts";
import type { HostOperations } from "./operations.ts";

export function cryptoOperations(): HostOperations {
  const keys = createKeys();
  return {
    ...digestOperations(),
    ...cipherOperations(),
    ...keys.operations,
    ...asymmetricOperations(keys),
    ...deriveOperations(),
    ...exchangeOperations(),
    ...certificateOperations(keys),
  };
}
