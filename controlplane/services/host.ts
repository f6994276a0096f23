import {
  HostVersionState as WireState,
  type Host as WireHost,
  type HostServiceDefinition,
  type HostVersion as WireVersion,
} from "../../proto/gen/annex/control/v1/host.ts";
import { AnnexError } from "../../proto/errors.ts";
import type { UnaryImplementation } from "../../proto/rpc/service.ts";
import type { Host, HostVersion, HostVersionState } from "../domain/host.ts";
import type { Authenticator } from "./authenticate.ts";
import { timeOf } from "./times.ts";

/** What the service asks of the fleet. */
export interface HostFleet {
  hosts(): Host[];
  host(name: string): Host | undefined;
}

/** HostService over the fleet. */
export function hostService(
  may: Authenticator,
  fleet: HostFleet,
): UnaryImplementation<typeof HostServiceDefinition> {
  return {
    async listHosts(_request, context) {
      await may.admin(context);
      return { hosts: fleet.hosts().map((host) => wireOf(host)) };
    },
    async getHost({ name }, context) {
      await may.admin(context);
      const host = fleet.host(name);
      if (host) return { host: wireOf(host, versionsOf(host)) };
      throw new AnnexError(
        "not_found",
        `no host named ${JSON.stringify(name)} has joined since this control plane started`,
      );
    },
  };
}

const wireStateOf = {
  stored: WireState.STORED,
  compiled: WireState.COMPILED,
  warm: WireState.WARM,
  refused: WireState.REFUSED,
  quarantined: WireState.QUARANTINED,
} as const satisfies Record<HostVersionState, WireState>;

function versionsOf({ versions }: Host): HostVersion[] {
  return [...versions.values()].flatMap((byNumber) => [...byNumber.values()]);
}

function wireOf(host: Host, versions: HostVersion[] = []): WireHost {
  return {
    name: host.name,
    connected: host.connected,
    sinceTime: timeOf(host.sinceMs),
    runtimes: host.runtimes,
    runUrl: host.runUrl,
    release: host.release,
    revision: BigInt(host.revision),
    walls: host.walls,
    limits: host.limits,
    versions: versions.map(wireVersionOf),
  };
}

function wireVersionOf({ state, refusal, ...names }: HostVersion): WireVersion {
  const reason = refusal?.message || refusal?.reason || "";
  return { ...names, state: wireStateOf[state], reason };
}
