/** Names to addresses. */
import { lookup, Resolver } from "node:dns/promises";
import type { LookupRecord } from "../protocol.ts";

/** All addresses of a name; rejects where it has none. `isInternal`: the platform opened the name. */
export type Resolve = (name: string, isInternal: boolean) => Promise<string[]>;

export type RecordKind = Exclude<LookupRecord, "address">;

/** What a name server says of a name, as dns.resolve gives it; rejects where there is nothing. */
export type Query = (name: string, kind: RecordKind) => Promise<unknown>;

const timeoutMs = 2000;
const tries = 2;

/**
 * Asks name servers without a thread: threads are few and shared, and a container that asks a name server which never
 * answers would hold them all. The platform's own names are asked of the system, which knows the hosts file and search
 * lists.
 */
export function createResolve(): Resolve {
  const resolver = new Resolver({ timeout: timeoutMs, tries });
  return async (name, isInternal) => {
    if (isLocal(name)) return ["127.0.0.1", "::1"];
    if (isInternal)
      return (await lookup(name, { all: true })).map(({ address }) => address);
    const [v4, v6] = await Promise.allSettled([
      resolver.resolve4(name),
      resolver.resolve6(name),
    ]);
    const addresses = [v4, v6].flatMap((answer) =>
      answer.status === "fulfilled" ? answer.value : [],
    );
    if (addresses.length === 0 && v4.status === "rejected") throw v4.reason;
    return addresses;
  };
}

/** Asks name servers too; the platform's own names have no other records. */
export function createQuery(): Query {
  const resolver = new Resolver({ timeout: timeoutMs, tries });
  return (name, kind) => {
    switch (kind) {
      case "reverse":
        return resolver.reverse(name);
      case "A":
        return resolver.resolve4(name, { ttl: true });
      case "AAAA":
        return resolver.resolve6(name, { ttl: true });
      case "SOA":
        return resolver.resolveSoa(name);
      case "CNAME":
      case "MX":
      case "NS":
      case "PTR":
      case "SRV":
      case "TXT":
        return resolver.resolve(name, kind);
    }
  };
}

/** Never asked of anybody. */
function isLocal(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}
