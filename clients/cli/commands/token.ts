/** `annex token …` */
import { type Command, Option } from "commander";
import {
  type DeepPartial,
  type TokenClaims,
  TokenKind,
} from "../../../proto/gen/annex/control/v1/token.ts";
import { servicesFor } from "../connection.ts";
import { CommandFailed } from "../exit-codes.ts";
import { present } from "../present.ts";
import { claimsJson } from "../shapes.ts";
import { fieldsOf } from "../table.ts";
import { print, type Terminal } from "../terminal.ts";
import { secondsAt } from "../time.ts";
import { collect, type ConnectionFlags, group, remoteVerb } from "../verb.ts";

/** Adds the commands about tokens. */
export function addToken(program: Command, terminal: Terminal): void {
  const token = group(program, "token", {
    description:
      "Issue, inspect and revoke the tokens that everything else asks for",
    examples: ["token create --container acme --expires 30d"],
  });
  addCreate(token, terminal);
  addInspect(token, terminal);
  addRevoke(token, terminal);
}

interface CreateFlags extends ConnectionFlags {
  container?: string[];
  extension?: string;
  expires?: bigint;
  notBefore?: bigint;
  admin?: boolean;
  join?: boolean;
}

function addCreate(parent: Command, terminal: Terminal): void {
  remoteVerb(parent, "create", {
    description: "Issue a token and print it, this once",
    examples: [
      "token create --container acme --extension check-domain --expires 1h",
      "token create --admin --expires 2030-01-01",
      "token create --join --expires 10m > join-token",
    ],
  })
    .addOption(
      new Option(
        "--container <name>",
        "a container it is for; may be repeated",
      ).argParser(collect),
    )
    .option(
      "--extension <name>",
      "the one extension it may call; else all, and it may manage them",
    )
    .option(
      "--expires <when>",
      "after a time like 1h or 30d, or at a date",
      secondsAt,
    )
    .option("--not-before <when>", "not valid before", secondsAt)
    .addOption(
      new Option("--admin", "a token for everything").conflicts([
        "container",
        "extension",
        "join",
      ]),
    )
    .addOption(
      new Option("--join", "a token with which a host joins").conflicts([
        "container",
        "extension",
      ]),
    )
    .action(async (flags: CreateFlags) => {
      const { tokens } = await servicesFor(flags, terminal);
      const { token, claims } = await tokens.issueToken({
        claims: claimsOf(flags),
      });
      print(terminal, flags, {
        json: { token, claims: claimsJson(present(claims)) },
        text: token,
      });
    });
}

function claimsOf(flags: CreateFlags): DeepPartial<TokenClaims> {
  const times = {
    expiresAtS: flags.expires ?? 0n,
    notBeforeS: flags.notBefore ?? 0n,
  };
  if (flags.admin) return { kind: TokenKind.ADMIN, ...times };
  if (flags.join) return { kind: TokenKind.JOIN, ...times };
  const { container: containers, extension = "" } = flags;
  if (containers)
    return { kind: TokenKind.CONTAINER, containers, extension, ...times };
  throw new CommandFailed(
    "usage",
    "what is the token for? Give --container, --admin or --join",
  );
}

function addInspect(parent: Command, terminal: Terminal): void {
  remoteVerb(parent, "inspect <token>", {
    description: "Tell what a token claims and whether it is valid now",
    examples: ['token inspect "$TOKEN"'],
  }).action(async (token: string, flags: ConnectionFlags) => {
    const { tokens } = await servicesFor(flags, terminal);
    const { claims, valid, reason } = await tokens.inspectToken({ token });
    const told = claims ? claimsJson(claims) : undefined;
    const fields = told && {
      ...told,
      containers: told.containers.join(", "),
      not_before: told.not_before ?? "",
      expires: told.expires ?? "never",
      issued: told.issued ?? "",
    };
    print(terminal, flags, {
      json: { valid, reason, claims: told ?? null },
      text: fieldsOf({ valid, ...(valid ? {} : { reason }), ...fields }),
    });
  });
}

function addRevoke(parent: Command, terminal: Terminal): void {
  remoteVerb(parent, "revoke [token]", {
    description: "Make a token void before it expires",
    examples: ['token revoke "$TOKEN"', "token revoke --jti 6f1c"],
  })
    .option("--jti <id>", "the token's id, where the token itself is lost")
    .action(
      async (
        token: string | undefined,
        flags: ConnectionFlags & { jti?: string },
      ) => {
        const { tokens } = await servicesFor(flags, terminal);
        await tokens.revokeToken({ subject: subjectOf(token, flags.jti) });
        print(terminal, flags, { json: { revoked: true }, text: "" });
      },
    );
}

function subjectOf(token: string | undefined, jti: string | undefined) {
  if (token !== undefined && jti === undefined)
    return { $case: "token", value: token } as const;
  if (jti !== undefined && token === undefined)
    return { $case: "jti", value: jti } as const;
  throw new CommandFailed(
    "usage",
    "which token? Give either the token or its --jti",
  );
}
