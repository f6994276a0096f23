import type {
  Egress as WireEgress,
  EgressServiceDefinition,
} from "../../proto/gen/annex/control/v1/egress.ts";
import { AnnexError } from "../../proto/errors.ts";
import type { UnaryImplementation } from "../../proto/rpc/service.ts";
import type { Container } from "../domain/container.ts";
import {
  carries,
  carriesAll,
  type Egress,
  type EgressChange,
} from "../domain/egress.ts";
import type { Authenticator } from "./authenticate.ts";
import { changeOptions, type ChangeOptions } from "./change-options.ts";

/** What the service asks of the store. */
export interface EgressStore {
  get(): Promise<Egress>;
  update(
    request: EgressChange & { etag?: string | undefined } & ChangeOptions,
  ): Promise<Egress>;
}

/** What the service needs. */
export interface EgressServiceDeps {
  may: Authenticator;
  egress: EgressStore;
  containers: { get(name: string): Promise<Container> };
}

/** EgressService over a store. */
export function egressService({
  may,
  egress,
  containers,
}: EgressServiceDeps): UnaryImplementation<typeof EgressServiceDefinition> {
  return {
    async getEgress(_request, context) {
      await may.admin(context);
      return { egress: wireOf(await egress.get()) };
    },
    async updateEgress(request, context) {
      await may.admin(context);
      if (!request.egress)
        throw new AnnexError(
          "invalid",
          "egress is missing: say what it is to be; empty, it takes every rule and proxy away",
        );
      const { etag } = request;
      const { internalHosts, deny, proxies } = request.egress;
      const updated = await egress.update({
        etag,
        internalHosts,
        deny,
        proxies,
        ...changeOptions(request),
      });
      return { egress: wireOf(updated) };
    },
    async listEgressAddresses({ container: name }, context) {
      if (name === "") await may.admin(context);
      else await may.managerOf(context, name);
      const container = name === "" ? undefined : await containers.get(name);
      return addressesOf(await egress.get(), container);
    },
  };
}

/** Of the first proxy that carries the container, or of all proxies. */
function addressesOf({ proxies }: Egress, container: Container | undefined) {
  const carrier =
    container && proxies.find((proxy) => carries(proxy, container));
  const shown = container ? (carrier ? [carrier] : []) : proxies;
  return {
    proxies: shown.map(({ name, addresses }) => ({ proxy: name, addresses })),
    direct: container ? !carrier : !proxies.some(carriesAll),
  };
}

function wireOf({ proxies, ...rules }: Egress): WireEgress {
  return {
    ...rules,
    proxies: proxies.map((proxy) => ({ ...proxy, password: "" })),
  };
}
