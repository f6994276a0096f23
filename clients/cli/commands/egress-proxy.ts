/** `annex egress proxy …` */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Command, Option } from "commander";
import { AnnexError } from "../../../proto/errors.ts";
import type {
  Egress,
  EgressProxy,
} from "../../../proto/gen/annex/control/v1/egress.ts";
import { servicesFor } from "../connection.ts";
import { tellEgress } from "../egress-table.ts";
import { CommandFailed } from "../exit-codes.ts";
import { present } from "../present.ts";
import { type Terminal, textOfStdin } from "../terminal.ts";
import {
  type ChangeFlags,
  changing,
  collect,
  collectPair,
  type ConnectionFlags,
  group,
  remoteVerb,
} from "../verb.ts";

type Flags = ConnectionFlags & ChangeFlags;

interface ProxyFlags {
  proxyUrl?: string;
  username?: string;
  passwordFile?: string;
  passwordStdin?: boolean;
  container?: string[];
  label?: Record<string, string>;
  address?: string[];
  all?: boolean;
  before?: string;
}

/** Adds the commands about egress proxies. */
export function addEgressProxy(parent: Command, terminal: Terminal): void {
  const proxy = group(parent, "proxy", {
    description:
      "Keep the proxies through which connections leave; the first that fits a container carries it",
    examples: [
      "egress proxy create office --proxy-url socks5://proxy.internal:1080 --label plan=enterprise --address 192.0.2.7",
    ],
  });
  addCreate(proxy, terminal);
  addUpdate(proxy, terminal);
  addDelete(proxy, terminal);
}

function addCreate(parent: Command, terminal: Terminal): void {
  const command = remoteVerb(parent, "create <name>", {
    description:
      "Add a proxy, after the others; it carries all containers, or those named or labelled",
    examples: [
      "egress proxy create office --proxy-url http://proxy.internal:3128",
      "egress proxy create fixed --proxy-url socks5://10.0.0.9:1080 --username annex --password-file proxy.txt --label plan=enterprise --address 192.0.2.7 --before office",
    ],
  });
  withProxy(changing(command, "etag")).action(
    async (name: string, flags: Flags & ProxyFlags) => {
      const { proxyUrl } = flags;
      if (proxyUrl === undefined)
        throw new CommandFailed("usage", "where is it? Give --proxy-url");
      const changed = await changeOf(flags, terminal);
      await change(terminal, flags, ({ proxies }) => {
        if (proxies.some((one) => one.name === name))
          throw new AnnexError(
            "already_exists",
            `proxy ${name} already exists: change it with "annex egress proxy update"`,
          );
        const proxy = { ...emptyProxy, ...changed, name };
        return placed(proxies, proxy, flags.before);
      });
    },
  );
}

function addUpdate(parent: Command, terminal: Terminal): void {
  const command = remoteVerb(parent, "update <name>", {
    description:
      "Change a proxy; what is not given stays, and lists are replaced",
    examples: [
      "egress proxy update office --address 192.0.2.7 --address 192.0.2.8",
      "egress proxy update office --all --before fixed",
    ],
  });
  withProxy(changing(command, "etag"))
    .addOption(
      new Option("--all", "let it carry all containers").conflicts([
        "container",
        "label",
      ]),
    )
    .action(async (name: string, flags: Flags & ProxyFlags) => {
      const changed = await changeOf(flags, terminal);
      if (Object.keys(changed).length === 0 && flags.before === undefined)
        throw new CommandFailed(
          "usage",
          "what is to be changed? See annex egress proxy update --help",
        );
      await change(terminal, flags, ({ proxies }) => {
        const proxy = { ...proxyOf(proxies, name), ...changed };
        if (flags.before === undefined)
          return proxies.map((one) => (one.name === name ? proxy : one));
        return placed(without(proxies, name), proxy, flags.before);
      });
    });
}

function addDelete(parent: Command, terminal: Terminal): void {
  const command = remoteVerb(parent, "delete <name>", {
    description:
      "Delete a proxy; what it carried goes by the next that fits, or directly",
    examples: ["egress proxy delete office"],
  });
  changing(command, "etag").action(async (name: string, flags: Flags) => {
    await change(terminal, flags, ({ proxies }) => {
      proxyOf(proxies, name);
      return without(proxies, name);
    });
  });
}

/** The wire replaces everything; the etag keeps it from changing after it was read. */
async function change(
  terminal: Terminal,
  flags: Flags,
  proxiesOf: (before: Egress) => EgressProxy[],
): Promise<void> {
  const services = await servicesFor(flags, terminal);
  const before = present((await services.egress.getEgress({})).egress);
  const { egress } = await services.egress.updateEgress({
    egress: { ...before, proxies: proxiesOf(before) },
    etag: flags.etag ?? before.etag,
    validateOnly: flags.dryRun ?? false,
  });
  tellEgress(terminal, flags, egress);
}

function withProxy(command: Command): Command {
  return command
    .option(
      "--proxy-url <url>",
      "http:// or https:// (CONNECT), or socks5://, with host and port",
    )
    .option("--username <name>", "who we are to the proxy; '' for nobody")
    .option(
      "--password-file <file>",
      "read the password from a file, without its last line end",
    )
    .addOption(
      new Option(
        "--password-stdin",
        "read the password from the standard input, without its last line end",
      ).conflicts("passwordFile"),
    )
    .option(
      "--container <name>",
      "let it carry this container; may be repeated",
      collect,
    )
    .option(
      "--label <name=value>",
      "let it carry the containers with all of these labels; may be repeated",
      collectPair,
    )
    .option(
      "--address <address>",
      "where its connections come from: an address or a range; may be repeated",
      collect,
    )
    .option("--before <proxy>", "put it in front of this one");
}

const emptyProxy: EgressProxy = {
  name: "",
  url: "",
  username: "",
  password: "",
  containers: [],
  labels: {},
  addresses: [],
};

async function changeOf(
  flags: ProxyFlags,
  terminal: Terminal,
): Promise<Partial<EgressProxy>> {
  const { proxyUrl, username, container, label, address, all } = flags;
  const password = await passwordOf(flags, terminal);
  return {
    ...(proxyUrl !== undefined && { url: proxyUrl }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(container && { containers: container }),
    ...(label && { labels: label }),
    ...(address && { addresses: address }),
    ...(all && { containers: [], labels: {} }),
  };
}

async function passwordOf(
  { passwordFile, passwordStdin }: ProxyFlags,
  terminal: Terminal,
): Promise<string | undefined> {
  if (passwordFile === undefined && !passwordStdin) return undefined;
  const text =
    passwordFile === undefined
      ? await textOfStdin(terminal)
      : await textOf(passwordFile, terminal);
  return text.replace(/\r?\n$/, "");
}

async function textOf(file: string, terminal: Terminal): Promise<string> {
  try {
    return await readFile(path.resolve(terminal.cwd, file), "utf8");
  } catch (cause) {
    throw new AnnexError(
      "not_found",
      `--password-file ${file}: cannot read that file`,
      { cause },
    );
  }
}

function proxyOf(proxies: EgressProxy[], name: string): EgressProxy {
  const proxy = proxies.find((one) => one.name === name);
  if (proxy) return proxy;
  throw new AnnexError("not_found", `there is no proxy ${name}`);
}

function without(proxies: EgressProxy[], name: string): EgressProxy[] {
  return proxies.filter((one) => one.name !== name);
}

function placed(
  others: EgressProxy[],
  proxy: EgressProxy,
  before: string | undefined,
): EgressProxy[] {
  if (before === undefined) return [...others, proxy];
  const at = others.indexOf(proxyOf(others, before));
  return others.toSpliced(at, 0, proxy);
}
