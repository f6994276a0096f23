/** Us: the all-in-one, started by its own command and used through its contracts. */
import { mkdir, readFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ContainerServiceDefinition } from "../../proto/gen/annex/control/v1/container.ts";
import { EgressServiceDefinition } from "../../proto/gen/annex/control/v1/egress.ts";
import { ExtensionServiceDefinition } from "../../proto/gen/annex/control/v1/extension.ts";
import { connectRpc } from "../../proto/rpc/client.ts";
import { startProgram } from "./children.ts";
import type { Child } from "./children.ts";
import { childrenOf, commandOf } from "./processes.ts";

/** A running all-in-one. */
export interface Ours {
  child: Child;
  socket: string;
  supervisorPid: number;
  controlPlanePid: number;
  /** Makes a container with one extension in it, and waits until the host can serve it. */
  publish(container: string, extension: string, source: string): Promise<void>;
  /** Lets extensions connect to a host:port of this machine, from the next publish on. */
  openToExtensions(host: string): Promise<void>;
  close(): Promise<void>;
}

interface DevFile {
  grpc: string;
  socket: string;
  admin_token: string;
}

const rolloutTimeoutMs = 30_000;
const maxPort = 32_000;

/** Starts `annex dev` in a folder of its own, with the given environment beside ours. */
export async function startOurs(
  name: string,
  folder: string,
  env: Record<string, string>,
): Promise<Ours> {
  const home = join(folder, name);
  await mkdir(home);
  const command = fileURLToPath(
    new URL("../../clients/cli/main.ts", import.meta.url),
  );
  const portBase = String(await freePortBase());
  const child = await startProgram(
    process.execPath,
    [command, "dev", "--port-base", portBase],
    { name, env: { ...env, ANNEX_HOME: home, ANNEX_LOG_LEVEL: "warn" } },
    async () => (await readDevFile(home)) !== undefined,
  );
  const dev = await readDevFile(home);
  if (!dev) throw new Error(`${name} left no dev.json`);
  const control = connectControl(dev);
  return {
    child,
    socket: dev.socket,
    supervisorPid: await daemonPid(child.pid, "sandboxd/main"),
    controlPlanePid: await daemonPid(child.pid, "controlplane/main"),
    publish: (...what) => control.publish(...what),
    openToExtensions: (host) => control.openToExtensions(host),
    async close() {
      control.close();
      await child.close();
    },
  };
}

function connectControl(dev: DevFile) {
  const at = { address: dev.grpc, token: dev.admin_token };
  const containers = connectRpc(ContainerServiceDefinition, at);
  const extensions = connectRpc(ExtensionServiceDefinition, at);
  const egress = connectRpc(EgressServiceDefinition, at);
  return {
    async publish(container: string, extension: string, source: string) {
      await containers.client.createContainer({ name: container });
      await extensions.client.publishVersion({
        container,
        extension,
        files: [{ path: "index.js", content: Buffer.from(source) }],
        activate: true,
        create: true,
      });
      await rolledOut(container, extension);
    },
    async openToExtensions(host: string) {
      await egress.client.updateEgress({ egress: { internalHosts: [host] } });
    },
    close() {
      containers.close();
      egress.close();
      extensions.close();
    },
  };

  async function rolledOut(container: string, extension: string) {
    const { rollout } = await extensions.client.getRollout({
      container,
      extension,
      waitMs: rolloutTimeoutMs,
    });
    if (!rollout || rollout.compiled < 1)
      throw new Error(
        `no host serves ${container}/${extension}: ${JSON.stringify(rollout)}`,
      );
  }
}

async function readDevFile(home: string): Promise<DevFile | undefined> {
  let text: string;
  try {
    text = await readFile(join(home, "dev.json"), "utf8");
  } catch {
    return undefined;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a contract, tested where it is written
  return JSON.parse(text) as DevFile;
}

async function daemonPid(parent: number, entry: string): Promise<number> {
  for (const pid of await childrenOf(parent))
    if ((await commandOf(pid)).includes(entry)) return pid;
  throw new Error(`annex dev has no child that runs ${entry}`);
}

/** The first of three free ports in a row, below those the system hands out by itself. */
async function freePortBase(): Promise<number> {
  for (;;) {
    const base = 10_000 + Math.floor(Math.random() * (maxPort - 10_000));
    const free = await Promise.all([base, base + 1, base + 2].map(isFree));
    if (free.every(Boolean)) return base;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
