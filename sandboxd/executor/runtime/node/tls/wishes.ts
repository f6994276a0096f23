/** What a program asks of a TLS connection, as the broker is told it. */
/* oxlint-disable no-underscore-dangle -- members of Node's own classes */
import type { ContextWishes } from "../modules/internal/tls/common.ts";
import type { Certificate } from "./certificates.ts";
import type { NetSocket } from "./under.ts";

export type CheckIdentity = (
  name: string,
  certificate: Certificate,
) => Error | undefined;

export interface TlsOptions {
  host?: string;
  servername?: string;
  socket?: NetSocket;
  timeout?: number;
  isServer?: boolean;
  allowHalfOpen?: boolean;
  rejectUnauthorized?: boolean;
  secureContext?: { context: ContextWishes };
  checkServerIdentity?: CheckIdentity;
  ALPNProtocols?: unknown;
}

/** `TlsWishes` of protocol.ts; `identity` is whom the certificate must name. */
export function wishesOf(
  options: TlsOptions,
  context: ContextWishes,
  { servername, identity }: { servername?: string; identity: string },
): object {
  const alpnProtocols = protocolsOf(options.ALPNProtocols);
  return {
    ...context,
    ...(servername && { servername }),
    // A function of the guest's own looks at it in here.
    ...(!options.checkServerIdentity && { identity }),
    ...(alpnProtocols.length > 0 && { alpnProtocols }),
    rejectUnauthorized: options.rejectUnauthorized !== false,
  };
}

/** What `tls.connect` is called with, in each of its forms. */
export function normalized(
  net: { _normalizeArgs: (parameters: unknown[]) => unknown[] },
  given: unknown[],
): [TlsOptions, unknown] {
  const [first, listener] = net._normalizeArgs(given);
  const more = [given[1], given[2]].find(
    (one) => typeof one === "object" && one !== null,
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whatever the guest gave
  return [{ ...(first as object), ...(more as object) }, listener];
}

/** Names, or names with their lengths before them. */
function protocolsOf(value: unknown): string[] {
  if (Array.isArray(value))
    return value.map((one: unknown) =>
      one instanceof Uint8Array ? String.fromCharCode(...one) : String(one),
    );
  if (!(value instanceof Uint8Array)) return [];
  const names: string[] = [];
  for (let at = 0; at < value.length; at += 1 + (value[at] ?? 0)) {
    const end = at + 1 + (value[at] ?? 0);
    names.push(String.fromCharCode(...value.subarray(at + 1, end)));
  }
  return names;
}
