/** A control plane in this process, on a temporary folder and free ports, and callers of it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import type { Config } from "../../controlplane/config.ts";
import {
  startControlPlane,
  type ControlPlane,
} from "../../controlplane/controlplane.ts";
import { ContainerServiceDefinition } from "../../proto/gen/annex/control/v1/container.ts";
import { EgressServiceDefinition } from "../../proto/gen/annex/control/v1/egress.ts";
import { ExtensionServiceDefinition } from "../../proto/gen/annex/control/v1/extension.ts";
import { HostServiceDefinition } from "../../proto/gen/annex/control/v1/host.ts";
import { PointServiceDefinition } from "../../proto/gen/annex/control/v1/point.ts";
import { SecretServiceDefinition } from "../../proto/gen/annex/control/v1/secret.ts";
import {
  TokenKind,
  TokenServiceDefinition,
} from "../../proto/gen/annex/control/v1/token.ts";
import { connectRpc } from "../../proto/rpc/client.ts";
import { connectHttp } from "../../proto/rpc/connect.ts";
import type {
  ServiceDefinition,
  UnaryClient,
} from "../../proto/rpc/service.ts";

/** A control plane that ends with the test. */
export interface TestControlPlane extends ControlPlane {
  config: Config;
  /** What it logged, each line's message and fields. */
  logged: Record<string, unknown>[];
}

/** A folder that goes with the test. */
export async function temporaryHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "annex-controlplane-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return home;
}

/** Starts a control plane on a folder. */
export async function startTestControlPlane(
  home?: string,
  now?: () => number,
): Promise<TestControlPlane> {
  const folder = home ?? (await temporaryHome());
  const config: Config = {
    home: folder,
    databaseFile: join(folder, "controlplane.db"),
    masterKeyFile: join(folder, "master.key"),
    host: "127.0.0.1",
    grpcPort: 0,
    httpPort: 0,
    logLevel: "debug",
  };
  const logged: Record<string, unknown>[] = [];
  const log = pino(
    { level: "debug" },
    { write: (line) => void logged.push(JSON.parse(line)) },
  );
  const controlplane = await startControlPlane(config, {
    log,
    ...(now && { now }),
  });
  onTestFinished(() => controlplane.close());
  return { ...controlplane, config, logged };
}

/** The wires a caller can choose. */
export const wires = ["grpc", "http"] as const;
export type Wire = (typeof wires)[number];

/** Every control service, over one wire, with one token. */
export function callersOf(
  controlplane: ControlPlane,
  wire: Wire,
  token?: string,
) {
  const options = token === undefined ? {} : { token };
  const call = <Service extends ServiceDefinition>(
    definition: Service,
  ): UnaryClient<Service> => {
    if (wire === "http")
      return connectHttp(definition, {
        ...options,
        baseUrl: controlplane.httpAddress,
      });
    const address = controlplane.grpcAddress;
    // A generated definition is what both kinds of client are made from, so they have the same methods.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const generated = definition as unknown as AnyGenerated;
    const connection = connectRpc(generated, { address, ...options });
    onTestFinished(() => connection.close());
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion, typescript/no-unnecessary-type-assertion
    return connection.client as unknown as UnaryClient<Service>;
  };
  return {
    containers: call(ContainerServiceDefinition),
    points: call(PointServiceDefinition),
    egress: call(EgressServiceDefinition),
    extensions: call(ExtensionServiceDefinition),
    secrets: call(SecretServiceDefinition),
    tokens: call(TokenServiceDefinition),
    hosts: call(HostServiceDefinition),
  };
}

type AnyGenerated = typeof ContainerServiceDefinition;

export type Callers = ReturnType<typeof callersOf>;

/** Callers with an admin's token. */
export async function adminOf(
  controlplane: ControlPlane,
  wire: Wire = "http",
): Promise<Callers> {
  return callersOf(controlplane, wire, await controlplane.adminToken());
}

/** A token that manages a container, or calls one extension of it. */
export async function containerTokenOf(
  admin: Callers,
  container: string,
  extension = "",
): Promise<string> {
  const { token } = await admin.tokens.issueToken({
    claims: {
      kind: TokenKind.CONTAINER,
      containers: [container],
      extension,
    },
  });
  return token;
}

/** Publishes and activates a one-file extension, creating what is missing. */
export async function publish(
  admin: Callers,
  name: { container: string; extension: string },
  source: string,
) {
  const exists = await admin.extensions.getExtension(name).then(
    () => true,
    () => false,
  );
  return await admin.extensions.publishVersion({
    ...name,
    create: !exists,
    activate: true,
    files: [{ path: "index.js", content: Buffer.from(source) }],
  });
}
