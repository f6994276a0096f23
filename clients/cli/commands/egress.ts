/** `annex egress …`: the platform's rules, and where connections come from. */
import { type Command, Option } from "commander";
import { servicesFor } from "../connection.ts";
import { tellEgress } from "../egress-table.ts";
import { CommandFailed } from "../exit-codes.ts";
import { present } from "../present.ts";
import { shownList, tableOf } from "../table.ts";
import { print, type Terminal } from "../terminal.ts";
import {
  type ChangeFlags,
  changing,
  collect,
  type ConnectionFlags,
  group,
  remoteVerb,
} from "../verb.ts";
import { addEgressProxy } from "./egress-proxy.ts";

/** Adds the commands about connections outward. */
export function addEgress(program: Command, terminal: Terminal): void {
  const egress = group(program, "egress", {
    description:
      "Say where customers' code may connect to on the whole platform, and through which proxies",
    examples: [
      "egress update --internal-host db.internal:5432",
      "egress proxy create office --proxy-url http://proxy.internal:3128",
      "egress addresses --container acme",
    ],
  });
  addGet(egress, terminal);
  addUpdate(egress, terminal);
  addAddresses(egress, terminal);
  addEgressProxy(egress, terminal);
}

function addGet(parent: Command, terminal: Terminal): void {
  remoteVerb(parent, "get", {
    description: "Show the platform's rules and proxies; no password is shown",
    examples: ["egress get"],
  }).action(async (flags: ConnectionFlags) => {
    const services = await servicesFor(flags, terminal);
    const { egress } = await services.egress.getEgress({});
    tellEgress(terminal, flags, egress);
  });
}

interface RuleFlags {
  internalHost?: string[];
  /** False: none. */
  internalHosts?: boolean;
  deny?: string[];
  denyNone?: boolean;
}

function addUpdate(parent: Command, terminal: Terminal): void {
  const command = remoteVerb(parent, "update", {
    description:
      "Replace the internal hosts that all code may reach, or where none may connect to; the rest stays",
    examples: [
      "egress update --internal-host db.internal:5432 --internal-host 10.1.0.0/16:443",
      "egress update --deny *.example.net",
      "egress update --no-internal-hosts --deny-none",
    ],
  });
  changing(command, "etag")
    .option(
      "--internal-host <rule>",
      "open a private address to all code: a host, *.domain, an address or a range, with an optional :port; may be repeated",
      collect,
    )
    .addOption(
      new Option("--no-internal-hosts", "open none")
        .default(undefined)
        .conflicts("internalHost"),
    )
    .option("--deny <rule>", "open this to no code; may be repeated", collect)
    .addOption(
      new Option("--deny-none", "take all --deny rules away").conflicts("deny"),
    )
    .action(async (flags: ConnectionFlags & ChangeFlags & RuleFlags) => {
      const rules = rulesOf(flags);
      if (Object.keys(rules).length === 0)
        throw new CommandFailed(
          "usage",
          "what is to be changed? Give --internal-host, --no-internal-hosts, --deny or --deny-none",
        );
      const services = await servicesFor(flags, terminal);
      // The wire replaces everything; the etag keeps it from changing after it was read.
      const before = present((await services.egress.getEgress({})).egress);
      const { egress } = await services.egress.updateEgress({
        egress: { ...before, ...rules },
        etag: flags.etag ?? before.etag,
        validateOnly: flags.dryRun ?? false,
      });
      tellEgress(terminal, flags, egress);
    });
}

function rulesOf({ internalHost, internalHosts, deny, denyNone }: RuleFlags) {
  return {
    ...(internalHost && { internalHosts: internalHost }),
    ...(internalHosts === false && { internalHosts: [] }),
    ...(deny && { deny }),
    ...(denyNone && { deny: [] }),
  };
}

function addAddresses(parent: Command, terminal: Terminal): void {
  remoteVerb(parent, "addresses", {
    description:
      "List the addresses from which connections come, for a customer's firewall",
    examples: ["egress addresses", "egress addresses --container acme"],
  })
    .option("--container <name>", "of this container's code; else of all code")
    .action(async (flags: ConnectionFlags & { container?: string }) => {
      const services = await servicesFor(flags, terminal);
      const answer = await services.egress.listEgressAddresses({
        container: flags.container ?? "",
      });
      const proxies = answer.proxies.map(({ proxy, addresses }) => ({
        proxy,
        addresses,
      }));
      const rows = proxies.map(({ proxy, addresses }) => [
        proxy,
        shownList(addresses),
      ]);
      const tables =
        rows.length > 0 ? [tableOf(["PROXY", "ADDRESSES"], rows)] : [];
      const direct = answer.direct
        ? [
            "directly from the hosts, whose addresses the platform does not know",
          ]
        : [];
      print(terminal, flags, {
        json: { proxies, direct: answer.direct },
        text: [...tables, ...direct].join("\n\n"),
      });
    });
}
