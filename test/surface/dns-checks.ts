/** What dns and dns/promises have in common: names of errors, and what is checked before anything is asked. */
import { member, thrown, valuesOf, type Check } from "./check.ts";

const codes = [
  "NODATA",
  "FORMERR",
  "SERVFAIL",
  "NOTFOUND",
  "NOTIMP",
  "REFUSED",
  "BADQUERY",
  "BADNAME",
  "BADFAMILY",
  "BADRESP",
  "CONNREFUSED",
  "TIMEOUT",
  "EOF",
  "FILE",
  "NOMEM",
  "DESTRUCTION",
  "BADSTR",
  "BADFLAGS",
  "NONAME",
  "BADHINTS",
  "NOTINITIALIZED",
  "LOADIPHLPAPI",
  "ADDRGETNETWORKPARAMS",
  "CANCELLED",
];

export function sharedDnsChecks(dns: object): Record<string, Check> {
  return {
    ...valuesOf(dns, codes),
    getDefaultResultOrder: () => member(dns, "getDefaultResultOrder")(),
    setDefaultResultOrder: () => {
      const before: unknown = member(dns, "getDefaultResultOrder")();
      member(dns, "setDefaultResultOrder")("ipv4first");
      const changed: unknown = member(dns, "getDefaultResultOrder")();
      member(dns, "setDefaultResultOrder")(before);
      return [
        changed,
        thrown(() => member(dns, "setDefaultResultOrder")("nonsense")),
      ];
    },
    getServers: () => {
      const servers: unknown = member(dns, "getServers")();
      return Array.isArray(servers) && servers.every((each) => each.length > 0);
    },
    setServers: () => [
      thrown(() => member(dns, "setServers")("text")),
      thrown(() => member(dns, "setServers")(["no address"])),
    ],
  };
}

/** The questions of a resolver, each of which fails in the same words where nobody answers. */
export const questions = [
  "resolve4",
  "resolve6",
  "resolveAny",
  "resolveCaa",
  "resolveCname",
  "resolveMx",
  "resolveNaptr",
  "resolveNs",
  "resolvePtr",
  "resolveSoa",
  "resolveSrv",
  "resolveTlsa",
  "resolveTxt",
];
