import dns from "node:dns";
import { called, member, thrown, valuesOf, type Surface } from "../check.ts";
import { questions, sharedDnsChecks } from "../dns-checks.ts";

/** No name server is at hand that answers alike everywhere: what is asked is what any machine knows of itself. */
const unheard = "surface-check.invalid";

export const surface: Surface = {
  module: "dns",
  checks: {
    ...sharedDnsChecks(dns),
    ...valuesOf(dns, ["ADDRCONFIG", "ALL", "V4MAPPED"]),
    ...resolverChecks(),
    ...Object.fromEntries(
      questions.map((name) => [name, () => asked(dns, name)]),
    ),
    lookup: async () => [
      await called((callback) => dns.lookup("127.0.0.1", callback)),
      await called((callback) => dns.lookup("::1", { all: true }, callback)),
      thrown(() => member(dns, "lookup")(1, () => undefined)),
      thrown(() => dns.lookup("a", { family: 9 }, () => undefined)),
    ],
    lookupService: () => [
      thrown(() => dns.lookupService("no address", 1, () => undefined)),
      thrown(() => dns.lookupService("127.0.0.1", -1, () => undefined)),
    ],
    resolve: async () => [
      await asked(dns, "resolve"),
      thrown(() => member(dns, "resolve")(unheard, "X", () => undefined)),
    ],
    reverse: async () => [
      thrown(() => dns.reverse("no address", () => undefined)),
      thrown(() => member(dns, "reverse")("127.0.0.1")),
    ],
    promises: async () => [await dns.promises.lookup("127.0.0.1")],
  },
};

/** What is refused before a packet leaves, and what a name that cannot be asked for comes to. */
async function asked(holder: object, name: string): Promise<unknown> {
  const [error] = await called((callback) =>
    member(holder, name)(`${"a".repeat(70)}.invalid`, callback),
  );
  return [
    Reflect.get(Object(error), "code"),
    thrown(() => member(holder, name)(1, () => undefined)),
    thrown(() => member(holder, name)(unheard)),
  ];
}

function resolverChecks(): Surface["checks"] {
  const made = () => new dns.Resolver({ timeout: 100, tries: 1 });
  return {
    ...Object.fromEntries(
      [...questions, "resolve"].map((name) => [
        `Resolver#${name}`,
        () => asked(made(), name),
      ]),
    ),
    Resolver: () => {
      const resolver = made();
      resolver.setServers(["127.0.0.1:9", "[::1]:53"]);
      return [
        resolver.getServers(),
        thrown(() => new dns.Resolver({ timeout: -5 })),
      ];
    },
    "Resolver#reverse": () => [
      thrown(() => made().reverse("no address", () => undefined)),
      thrown(() => member(made(), "reverse")("127.0.0.1")),
    ],
  };
}
