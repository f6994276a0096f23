/** Where the control plane is and who asks: flags before environment before dev.json. */
import { AnnexError } from "../../proto/errors.ts";
import { ContainerServiceDefinition } from "../../proto/gen/annex/control/v1/container.ts";
import { EgressServiceDefinition } from "../../proto/gen/annex/control/v1/egress.ts";
import { ExtensionServiceDefinition } from "../../proto/gen/annex/control/v1/extension.ts";
import { HostServiceDefinition } from "../../proto/gen/annex/control/v1/host.ts";
import { PointServiceDefinition } from "../../proto/gen/annex/control/v1/point.ts";
import { SecretServiceDefinition } from "../../proto/gen/annex/control/v1/secret.ts";
import { TokenServiceDefinition } from "../../proto/gen/annex/control/v1/token.ts";
import { connectHttp } from "../../proto/rpc/connect.ts";
import { findDevFile } from "./dev-file.ts";
import { CommandFailed } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";
import type { ConnectionFlags } from "./verb.ts";

/** A control plane, and the right to talk to it. */
export interface Connection {
  url: string;
  token: string | undefined;
  /** The demo container, where dev.json names one. */
  container: string | undefined;
}

/** Looks for the control plane, and says where it looked when it finds none. */
export async function connectionOf(
  flags: ConnectionFlags,
  terminal: Terminal,
): Promise<Connection> {
  const given = flags.url ?? terminal.env["ANNEX_URL"];
  const token = flags.token ?? terminal.env["ANNEX_TOKEN"];
  if (given && token)
    return { url: checkedUrl(given), token, container: undefined };
  const dev = await findDevFile(terminal);
  const url = given || dev?.http;
  if (!url) {
    throw new AnnexError(
      "unavailable",
      'no control plane is known: there is no dev.json here; start one with "annex dev", or set ANNEX_URL and ANNEX_TOKEN',
    );
  }
  // A token is for its own control plane only: never send it elsewhere.
  const isDev =
    dev !== undefined &&
    new URL(dev.http).origin === new URL(checkedUrl(url)).origin;
  return {
    url: checkedUrl(url),
    token: token || (isDev ? dev.admin_token : undefined),
    container: isDev ? dev.container : undefined,
  };
}

/** The control plane's services, for a command. */
export async function servicesFor(flags: ConnectionFlags, terminal: Terminal) {
  return servicesAt(await connectionOf(flags, terminal));
}

/** The control plane's services. */
export function servicesAt({ url, token }: Pick<Connection, "url" | "token">) {
  const options = { baseUrl: url, ...(token ? { token } : {}) };
  return {
    containers: connectHttp(ContainerServiceDefinition, options),
    egress: connectHttp(EgressServiceDefinition, options),
    extensions: connectHttp(ExtensionServiceDefinition, options),
    hosts: connectHttp(HostServiceDefinition, options),
    points: connectHttp(PointServiceDefinition, options),
    secrets: connectHttp(SecretServiceDefinition, options),
    tokens: connectHttp(TokenServiceDefinition, options),
  };
}

/** What servicesAt gives. */
export type Services = ReturnType<typeof servicesAt>;

/** The container a command is about; in the folder of `annex dev` the demo one where none is named. */
export async function containerOf(
  flags: ConnectionFlags & { container?: string },
  terminal: Terminal,
): Promise<string> {
  const container =
    flags.container ?? (await connectionOf(flags, terminal)).container;
  if (container) return container;
  throw new CommandFailed("usage", "which container? Name it with --container");
}

function checkedUrl(url: string): string {
  if (URL.canParse(url) && /^https?:/.test(url)) return url;
  throw new CommandFailed(
    "usage",
    `'${url}' is no URL of a control plane; it looks like http://127.0.0.1:7701`,
  );
}
