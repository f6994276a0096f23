/** A whole Annex in a temporary folder: control plane and sandboxd as processes, and everybody who talks to them. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { connect, type Annex as Client } from "../../clients/node/index.ts";
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
import { startDaemon, type Daemon } from "./daemon.ts";
import { brokerFile, executorFile, repositoryRoot } from "./paths.ts";
import { freePort } from "./ports.ts";

const run = promisify(execFile);
const rolloutWaitMs = 20_000;

export interface AnnexOptions {
  /** More flags of sandboxd. */
  sandboxd?: string[];
  /** A command that runs sandboxd in surroundings of its own; it ends with it. */
  within?: string[];
  env?: NodeJS.ProcessEnv;
}

/** Starts both daemons; everything ends with the test. */
export async function startAnnex(
  options: AnnexOptions = {},
): Promise<TestAnnex> {
  const home = await mkdtemp(join(tmpdir(), "annex-"));
  const annex = new TestAnnex(home, options);
  onTestFinished(async () => {
    await annex.close();
    await rm(home, { recursive: true, force: true });
  });
  await annex.startControlPlane();
  await annex.join();
  await annex.startSandboxd();
  return annex;
}

export class TestAnnex {
  readonly home: string;
  readonly socket: string;
  adminToken = "";
  controlplane: Daemon | undefined;
  sandboxd: Daemon | undefined;
  readonly #options: AnnexOptions;
  readonly #clients: (() => unknown)[] = [];
  #grpcPort = "";
  #httpPort = "";
  #runPort = "";

  constructor(home: string, options: AnnexOptions) {
    this.home = home;
    this.socket = join(home, "sandboxd.sock");
    this.#options = options;
  }

  /** The control plane's HTTP. */
  get http(): string {
    return `http://127.0.0.1:${this.#httpPort}`;
  }

  /** host:port of the control plane's gRPC. */
  get grpc(): string {
    return `127.0.0.1:${this.#grpcPort}`;
  }

  /** sandboxd's gateway. */
  get gateway(): string {
    return `http://127.0.0.1:${this.#runPort}`;
  }

  async startControlPlane(): Promise<Daemon> {
    // The same ports again after a restart: that is where everybody looks.
    this.#grpcPort ||= await freePort();
    this.#httpPort ||= await freePort();
    const ports = [
      "--grpc-port",
      this.#grpcPort,
      "--http-port",
      this.#httpPort,
    ];
    const args = ["--home", this.home, ...ports, "serve"];
    this.controlplane = await startDaemon(
      "controlplane/main.ts",
      args,
      this.#options.env,
    );
    return this.controlplane;
  }

  async startSandboxd(more: string[] = []): Promise<Daemon> {
    this.#runPort ||= await freePort();
    const args = [
      "--home",
      this.home,
      "--control",
      this.grpc,
      "--run-port",
      this.#runPort,
      "--host-name",
      "test-host",
      "--executor-file",
      executorFile,
      "--broker-file",
      brokerFile,
      ...(this.#options.sandboxd ?? []),
      ...more,
    ];
    this.sandboxd = await startDaemon(
      "sandboxd/main.ts",
      args,
      this.#options.env,
      this.#options.within,
    );
    return this.sandboxd;
  }

  /** Starts another host of this control plane, with a home of its own inside ours. */
  async addHost(name: string, more: string[] = []): Promise<TestHost> {
    const home = join(this.home, name);
    await mkdir(home);
    const joinToken = join(this.home, "join-token");
    const args = [
      "--home",
      home,
      "--control",
      this.grpc,
      "--run-port",
      "0",
      "--host-name",
      name,
      "--join-token-file",
      joinToken,
      "--executor-file",
      executorFile,
      "--broker-file",
      brokerFile,
      ...more,
    ];
    const daemon = await startDaemon(
      "sandboxd/main.ts",
      args,
      this.#options.env,
    );
    this.#clients.push(() => daemon.stop());
    const client = connect({ socket: join(home, "sandboxd.sock") });
    this.#clients.push(() => client.close());
    return { daemon, client };
  }

  /** Has the control plane's own program issue an admin's token and one for the host to join with. */
  async join(): Promise<void> {
    this.adminToken = await this.operate("admin-token");
    await writeFile(
      join(this.home, "join-token"),
      await this.operate("join-token"),
    );
  }

  /** The management API of a service, as an admin or with another token. */
  control<Name extends keyof typeof services>(
    name: Name,
    token = this.adminToken,
  ) {
    const connection = connectRpc(services[name], {
      address: this.grpc,
      token,
    });
    this.#clients.push(() => connection.close());
    return connection.client;
  }

  /** A client of the socket. */
  client(options: { token?: string; caller?: string } = {}): Client {
    const client = connect({ socket: this.socket, ...options });
    this.#clients.push(() => client.close());
    return client;
  }

  async createContainer(name: string): Promise<void> {
    await this.control("containers").createContainer({ name });
  }

  /** Publishes, activates and waits until every host has it or refused it. */
  async publish(
    container: string,
    extension: string,
    source: string | Record<string, string>,
    options: PublishOptions = {},
  ) {
    const extensions = this.control("extensions");
    const files = typeof source === "string" ? { "index.js": source } : source;
    const { version } = await extensions.publishVersion({
      container,
      extension,
      files: Object.entries(files).map(([path, content]) => ({
        path,
        content: Buffer.from(content),
      })),
      activate: true,
      create: true,
      ...options,
    });
    const { rollout } = await extensions.getRollout({
      container,
      extension,
      waitMs: rolloutWaitMs,
    });
    return { version, rollout };
  }

  /** A token for a container, or for one extension of it. */
  async tokenFor(container: string, extension = ""): Promise<string> {
    const { token } = await this.control("tokens").issueToken({
      claims: { kind: TokenKind.CONTAINER, containers: [container], extension },
    });
    return token;
  }

  async close(): Promise<void> {
    for (const close of this.#clients) await close();
    await this.sandboxd?.stop();
    await this.controlplane?.stop();
  }

  /** Runs the control plane's own program for something else than to serve; gives what it prints. */
  async operate(...order: string[]): Promise<string> {
    const main = join(repositoryRoot, "controlplane/main.ts");
    const args = [main, "--home", this.home, ...order];
    const { stdout } = await run(process.execPath, args);
    return stdout.trim();
  }
}

/** One more host. */
export interface TestHost {
  daemon: Daemon;
  client: Client;
}

interface PublishOptions {
  create?: boolean;
  activate?: boolean;
  points?: string[];
  secrets?: Record<string, string>;
  meta?: Record<string, string>;
}

const services = {
  containers: ContainerServiceDefinition,
  egress: EgressServiceDefinition,
  extensions: ExtensionServiceDefinition,
  hosts: HostServiceDefinition,
  points: PointServiceDefinition,
  secrets: SecretServiceDefinition,
  tokens: TokenServiceDefinition,
} as const;
