/** Control plane and sandboxd on one machine: started in order, ended in reverse. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { AnnexError } from "../../proto/errors.ts";
import { TokenKind } from "../../proto/gen/annex/control/v1/token.ts";
import { type Services, servicesAt } from "./connection.ts";
import {
  type Daemon,
  type DaemonName,
  programOf,
  startDaemon,
} from "./daemon.ts";
import { type DevFile, removeDevFile, writeDevFile } from "./dev-file.ts";
import { CommandFailed } from "./exit-codes.ts";
import { shownLine } from "./log-lines.ts";
import type { Terminal } from "./terminal.ts";

/** What runs. */
export interface AllInOne {
  devFile: DevFile;
  /** What walls the executors; "none": nothing does. */
  walls: string;
  /** What bounds their memory and CPU; empty where it is not said. */
  limits: string;
  /** Settles when one of the two has ended by itself: which, and how. */
  death: Promise<string>;
  /** Ends both and takes dev.json away. */
  close(): Promise<void>;
}

/** What is to run, and where. */
export interface AllInOneOptions {
  home: string;
  /** The first of three ports; 0 takes free ones. */
  portBase: number;
  isVerbose: boolean;
  terminal: Terminal;
}

const demoContainerName = "demo";

/** Starts both, makes the demo container, and writes dev.json. */
export async function startAllInOne(
  options: AllInOneOptions,
): Promise<AllInOne> {
  await using started = new AsyncDisposableStack();
  const { home } = options;
  await mkdir(home, { recursive: true, mode: 0o700 });
  const ports = portsOf(options);
  const controlplane = await startDaemon(
    daemon("controlplane", ports.controlplane, options),
  );
  started.defer(() => controlplane.end());
  // Ours is the home now, so that a dev.json here is of one that was killed.
  await removeDevFile(home);
  const [http, grpc] = [
    readyField(controlplane, "http"),
    readyField(controlplane, "grpc"),
  ];
  const adminToken = await adminTokenOf(options);
  const token = await prepare(
    servicesAt({ url: http, token: adminToken }),
    home,
  );
  const joining = [
    "--control",
    new URL(grpc).host,
    "--join-token-file",
    joinTokenFileIn(home),
  ];
  // A developer's machine may have none; whoever starts this is told.
  const walls = ["--development"];
  const sandboxd = await startDaemon(
    daemon("sandboxd", [...ports.sandboxd, ...joining, ...walls], options),
  );
  started.defer(() => sandboxd.end());
  const devFile: DevFile = {
    http,
    grpc,
    run: readyField(sandboxd, "run"),
    socket: readyField(sandboxd, "socket"),
    admin_token: adminToken,
    container: demoContainerName,
    token,
  };
  await writeDevFile(home, devFile);
  started.defer(() => removeDevFile(home));
  const death = Promise.race([deathOf(controlplane), deathOf(sandboxd)]);
  const all = started.move();
  return {
    devFile,
    walls: readyField(sandboxd, "walls"),
    limits: optionalField(sandboxd, "limits"),
    death,
    close: () => all.disposeAsync(),
  };
}

function daemon(name: DaemonName, more: string[], options: AllInOneOptions) {
  const { home, isVerbose, terminal } = options;
  return {
    name,
    args: ["--home", home, ...more],
    env: terminal.env,
    onLine(line: string) {
      const shown = shownLine(name, line, isVerbose);
      if (shown !== undefined) terminal.stderr.write(`${shown}\n`);
    },
  };
}

/** Three in a row, or with port base 0 any free one for each. */
function portsOf({ portBase }: AllInOneOptions) {
  const portAt = (offset: number) =>
    String(portBase === 0 ? 0 : portBase + offset);
  return {
    controlplane: ["--grpc-port", portAt(0), "--http-port", portAt(1)],
    sandboxd: ["--run-port", portAt(2)],
  };
}

/** The control plane's own program gives the first token, from its state folder: nothing else could vouch for us. */
async function adminTokenOf({
  home,
  terminal: { env },
}: AllInOneOptions): Promise<string> {
  const args = [programOf("controlplane"), "admin-token", "--home", home];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return stdout.trim();
}

/** Makes the demo container and the join token; gives a token for the container. */
async function prepare(
  { containers, tokens }: Services,
  home: string,
): Promise<string> {
  try {
    await containers.createContainer({ name: demoContainerName });
  } catch (thrown) {
    if (!(thrown instanceof AnnexError && thrown.code === "already_exists"))
      throw thrown;
  }
  const join = await tokens.issueToken({ claims: { kind: TokenKind.JOIN } });
  await writeFile(joinTokenFileIn(home), join.token, { mode: 0o600 });
  const claims = { kind: TokenKind.CONTAINER, containers: [demoContainerName] };
  return (await tokens.issueToken({ claims })).token;
}

function joinTokenFileIn(home: string): string {
  return path.join(home, "join-token");
}

function readyField({ name, ready }: Daemon, field: string): string {
  const value = ready.get(field);
  if (typeof value === "string") return value;
  throw new CommandFailed(
    "failed",
    `${name} did not say its ${field} when it was ready`,
  );
}

function optionalField({ ready }: Daemon, field: string): string {
  const value = ready.get(field);
  return typeof value === "string" ? value : "";
}

async function deathOf({ name, ended }: Daemon): Promise<string> {
  return `${name} ${await ended}`;
}
