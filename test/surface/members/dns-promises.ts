import dns from "node:dns/promises";
import { member, rejected, thrown, type Surface } from "../check.ts";
import { questions, sharedDnsChecks } from "../dns-checks.ts";

export const surface: Surface = {
  module: "dns/promises",
  checks: {
    ...sharedDnsChecks(dns),
    ...Object.fromEntries(
      [...questions, "resolve"].map((name) => [name, () => asked(name)]),
    ),
    lookup: async () => [
      await dns.lookup("127.0.0.1"),
      await dns.lookup("::1", { all: true }),
      thrown(() => dns.lookup("a", { family: 4, hints: 12_345 })),
    ],
    lookupService: async () => [
      thrown(() => dns.lookupService("no address", 1)),
      thrown(() => dns.lookupService("127.0.0.1", -1)),
    ],
    reverse: async () => [
      await rejected(asPromise(() => dns.reverse("no address"))),
    ],
    Resolver: async () => {
      const resolver = new dns.Resolver({ timeout: 100, tries: 1 });
      resolver.setServers(["127.0.0.1:9"]);
      return resolver.getServers();
    },
  },
};

async function asked(name: string): Promise<unknown> {
  const ask = (host: unknown) => asPromise(() => member(dns, name)(host));
  const tooLong = await ask(`${"a".repeat(70)}.invalid`).catch(
    (error: unknown) => Reflect.get(Object(error), "code"),
  );
  return [tooLong, await rejected(ask(1))];
}

/** A throw of the call itself is a rejection like any other. */
async function asPromise(call: () => unknown): Promise<unknown> {
  return call();
}
