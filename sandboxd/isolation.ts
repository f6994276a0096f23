/** What keeps processes in their place on this host: walls, limits, the memory they may have together, and the way out. */
import { totalmem } from "node:os";
import type { Logger } from "pino";
import type { Catalog } from "./cache/catalog.ts";
import { startBroker, type Broker } from "./broker/broker.ts";
import { policyOf, type EgressDefaults } from "./broker/policy.ts";
import type { Config } from "./config.ts";
import { createLauncher } from "./launcher.ts";
import { createBudget } from "./limits/budget.ts";
import type { Limits } from "./limits/limits.ts";
import { openLimits } from "./limits/open.ts";
import type { Launcher } from "./supervisor/launcher.ts";
import type { MemoryBudget } from "./supervisor/processes.ts";
import { brokerProgram, executorProgram } from "./walls/program.ts";
import { openWalls, type Walls } from "./walls/walls.ts";

/** The files that run behind walls. */
export interface Bundles {
  executor: string;
  broker: string;
}

export interface Isolation {
  walls: Walls;
  limits: Limits;
  /** Starts executors. */
  launcher: Launcher;
  budget: MemoryBudget;
  broker: Broker;
  /** Ends the broker; after the supervisor. */
  close(): Promise<void>;
}

/** Processes and threads together, of one program with its walls: Node alone has a dozen, and more where there are many cores. */
const maxProcesses = 256;
/** Descriptors of one process: an executor needs a dozen, the broker a socket for each open request. */
const maxOpenFiles = 1024;
/** Measured: 100 MB in use, and a quarter of a MB for each of at most 512 open requests at their worst. */
const mostBrokerMb = 320;
/** What it starts in and serves a few with; on a small host it has a quarter of all there is. */
const leastBrokerMb = 128;
const bytesPerMb = 1024 * 1024;

/** Tries what can be had here; throws `precondition` where it is not enough. */
export async function openIsolation(
  config: Config,
  bundles: Bundles,
  log: Logger,
): Promise<Isolation> {
  const programs = {
    executor: executorProgram(bundles.executor),
    broker: brokerProgram(bundles.broker),
  };
  const walls = await openWalls({
    ...config,
    insecure: config.insecureNoSandbox,
    programs: Object.values(programs),
    log,
  });
  const limits = await openLimits({
    choice: config.limits,
    maxProcesses,
    maxOpenFiles,
    log,
  });
  const hostMb = hostMemoryMb(config, limits);
  const brokerMb = Math.min(
    mostBrokerMb,
    Math.max(leastBrokerMb, Math.floor(hostMb / 4)),
  );
  const launchBroker = createLauncher({
    walls,
    limits,
    program: programs.broker,
  });
  const broker = startBroker({
    launch: () => launchBroker.launch({ memoryMb: brokerMb, cpuPercent: 100 }),
    limits: config,
    now: () => performance.now(),
    log,
  });
  return {
    walls,
    limits,
    launcher: createLauncher({ walls, limits, program: programs.executor }),
    budget: budgetOf(config, limits, brokerMb),
    broker,
    async close() {
      await broker.close();
      await limits.close();
    },
  };
}

/**
 * Where one bomb may have the kernel kill all of this host's container, executors are promised no more than it has. On a
 * machine of our own, with groups of our own, the kernel kills the guilty one, and promises may exceed what there is: most
 * executors use a small part of theirs.
 */
function budgetOf(
  config: Config,
  limits: Limits,
  brokerMb: number,
): MemoryBudget {
  const isOursAlone =
    limits.name !== "rlimit" && limits.memoryLimitBytes >= totalmem();
  if (isOursAlone && config.memoryLimitMb === undefined) return unbounded;
  return createBudget({
    limitBytes: hostMemoryMb(config, limits) * bytesPerMb,
    reserveBytes: (config.reserveMb + brokerMb) * bytesPerMb,
  });
}

/** What this sandboxd and all that it starts may use together. */
function hostMemoryMb({ memoryLimitMb }: Config, limits: Limits): number {
  const grantedMb = Math.floor(limits.memoryLimitBytes / bytesPerMb);
  return Math.min(grantedMb, memoryLimitMb ?? Infinity);
}

const unbounded: MemoryBudget = {
  largestMb: Infinity,
  spentMb: 0,
  take: () => () => undefined,
};

/**
 * Keeps the broker told of what holds for each container; gives what ends it. A container of which nothing is said is new or
 * being deleted, its extensions after it: it has no way out, for rules that narrow must not go before the code they bound.
 */
export function followEgress(
  broker: Pick<Broker, "configure" | "forget">,
  catalog: Pick<
    Catalog,
    "containers" | "containerSettings" | "egress" | "onSettings"
  >,
  defaults: EgressDefaults,
): () => void {
  const followOne = (container: string) => {
    const settings = catalog.containerSettings(container);
    if (!settings) return broker.forget(container);
    const platform = catalog.egress();
    broker.configure(container, policyOf(settings, platform, defaults));
  };
  const follow = (container: string | undefined) => {
    if (container === undefined) catalog.containers().forEach(followOne);
    else followOne(container);
  };
  follow(undefined);
  return catalog.onSettings(follow);
}
