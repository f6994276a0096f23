/**
 * What the other side of TLS may not make this process do, which serves all containers: raise numbers of its own choice to
 * powers, a quarter of a second for each connection, or begin again as often as it likes.
 */
import { constants } from "node:crypto";
import { DEFAULT_CIPHERS, type SecureContextOptions } from "node:tls";

/** For every connection with TLS; `ciphers`: those wished for, empty: Node's own. */
export function boundedTls(ciphers = ""): SecureContextOptions {
  const wanted = ciphers === "" ? DEFAULT_CIPHERS : ciphers;
  return {
    ciphers: hasOlder(wanted) ? `${wanted}:!kDHE:!kDHEPSK` : wanted,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
}

/** Those of TLS 1.3 have names of their own; of these alone, Node takes it that nothing older is wanted. */
function hasOlder(ciphers: string): boolean {
  return ciphers.split(":").some((name) => !name.startsWith("TLS_"));
}
