/** `annex secret …` */
import type { Command } from "commander";
import { containerOf, servicesFor } from "../connection.ts";
import { CommandFailed } from "../exit-codes.ts";
import { present } from "../present.ts";
import { secretJson } from "../shapes.ts";
import { tableOf } from "../table.ts";
import { print, type Terminal, textOfStdin } from "../terminal.ts";
import {
  collectPair,
  type ConnectionFlags,
  group,
  inContainer,
  remoteVerb,
} from "../verb.ts";

type Flags = ConnectionFlags & { container?: string; extension: string };

/** Adds the commands about secrets. */
export function addSecret(program: Command, terminal: Terminal): void {
  const secret = group(program, "secret", {
    description:
      "Keep an extension's secrets: written and used, never read back",
    examples: [
      "secret set API_KEY=s3cret --container acme --extension check-domain",
    ],
  });
  addSet(secret, terminal);
  addList(secret, terminal);
  addDelete(secret, terminal);
}

function ofExtension(command: Command): Command {
  return inContainer(command).requiredOption(
    "--extension <name>",
    "the extension",
  );
}

function addSet(parent: Command, terminal: Terminal): void {
  ofExtension(
    remoteVerb(parent, "set <secret>", {
      description:
        "Create or replace a secret, given as NAME=VALUE, or as NAME with its value on the standard input",
      examples: [
        "secret set API_KEY=s3cret --container acme --extension check-domain",
        "secret set API_KEY --value-stdin --container acme --extension check-domain < key.txt",
      ],
    }),
  )
    .option(
      "--value-stdin",
      "read the value from the standard input, without its last line end",
    )
    .action(async (secret: string, flags: Flags & { valueStdin?: boolean }) => {
      const { secrets } = await servicesFor(flags, terminal);
      const container = await containerOf(flags, terminal);
      const { name, value } = await pairOf(
        secret,
        flags.valueStdin ?? false,
        terminal,
      );
      const answer = await secrets.setSecret({
        container,
        extension: flags.extension,
        name,
        value,
      });
      print(terminal, flags, {
        json: secretJson(present(answer.secret)),
        text: "",
      });
    });
}

async function pairOf(secret: string, fromStdin: boolean, terminal: Terminal) {
  if (fromStdin) {
    return {
      name: secret,
      value: (await textOfStdin(terminal)).replace(/\r?\n$/, ""),
    };
  }
  if (!secret.includes("=")) {
    throw new CommandFailed(
      "usage",
      `what is the value of '${secret}'? Write ${secret}=VALUE, or give --value-stdin`,
    );
  }
  const [[name, value] = ["", ""]] = Object.entries(collectPair(secret));
  return { name, value };
}

function addList(parent: Command, terminal: Terminal): void {
  ofExtension(
    remoteVerb(parent, "list", {
      description: "List the names of an extension's secrets",
      examples: ["secret list --container acme --extension check-domain"],
    }),
  ).action(async (flags: Flags) => {
    const { secrets } = await servicesFor(flags, terminal);
    const container = await containerOf(flags, terminal);
    const answer = await secrets.listSecrets({
      container,
      extension: flags.extension,
    });
    const json = { secrets: answer.secrets.map(secretJson) };
    const rows = json.secrets.map(({ name, update_time }) => [
      name,
      update_time,
    ]);
    print(terminal, flags, { json, text: tableOf(["NAME", "UPDATED"], rows) });
  });
}

function addDelete(parent: Command, terminal: Terminal): void {
  ofExtension(
    remoteVerb(parent, "delete <name>", {
      description: "Delete a secret",
      examples: [
        "secret delete API_KEY --container acme --extension check-domain",
      ],
    }),
  ).action(async (name: string, flags: Flags) => {
    const { secrets } = await servicesFor(flags, terminal);
    const container = await containerOf(flags, terminal);
    await secrets.deleteSecret({ container, extension: flags.extension, name });
    print(terminal, flags, { json: { deleted: true, name }, text: "" });
  });
}
