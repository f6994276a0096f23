/** The crypto of one isolate, done by the executor's own Node. */
import { getFips } from "node:crypto";
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
  return clean({
    ...digestOperations(),
    ...cipherOperations(),
    ...keys.operations,
    ...asymmetricOperations(keys),
    ...deriveOperations(),
    ...exchangeOperations(),
    ...certificateOperations(keys),
  });
}

/** OpenSSL keeps what went wrong until somebody asks, and Node then takes it for the fault of a later call. */
function clean(operations: HostOperations): HostOperations {
  const cleaned: HostOperations = {};
  for (const [name, operation] of Object.entries(operations))
    cleaned[name] = (...parameters) => {
      try {
        return operation(...parameters);
      } finally {
        // It empties OpenSSL's list of errors on its way, in a third of a microsecond.
        getFips();
      }
    };
  return cleaned;
}
