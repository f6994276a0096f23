import type {
  Container as WireContainer,
  ContainerServiceDefinition,
} from "../../proto/gen/annex/control/v1/container.ts";
import type { UnaryImplementation } from "../../proto/rpc/service.ts";
import type { Container, ContainerChange } from "../domain/container.ts";
import type { Page, PageRequest } from "../domain/page.ts";
import type { Authenticator } from "./authenticate.ts";
import { changeOptions, type ChangeOptions } from "./change-options.ts";
import { timeOf } from "./times.ts";

/** What the service asks of the store. */
export interface ContainerStore {
  create(
    request: { name: string } & ContainerChange & ChangeOptions,
  ): Promise<Container>;
  get(name: string): Promise<Container>;
  list(request: PageRequest): Promise<Page<Container>>;
  update(
    request: {
      name: string;
      etag?: string | undefined;
    } & ContainerChange &
      ChangeOptions,
  ): Promise<Container>;
  delete(
    request: { name: string; etag?: string | undefined } & ChangeOptions,
  ): Promise<void>;
}

/** ContainerService over a store. */
export function containerService(
  may: Authenticator,
  containers: ContainerStore,
): UnaryImplementation<typeof ContainerServiceDefinition> {
  return {
    async createContainer(request, context) {
      await may.admin(context);
      const { name, labels, trustGroup, limits, egress } = request;
      const container = await containers.create({
        name,
        labels,
        trustGroup,
        limits,
        egress,
        ...changeOptions(request),
      });
      return { container: wireOf(container) };
    },
    async getContainer({ name }, context) {
      await may.managerOf(context, name);
      return { container: wireOf(await containers.get(name)) };
    },
    async listContainers(request, context) {
      await may.admin(context);
      const { items, nextPageToken } = await containers.list(request);
      return { containers: items.map(wireOf), nextPageToken };
    },
    async updateContainer(request, context) {
      await may.admin(context);
      const { name, etag, labels, trustGroup, limits, egress } = request;
      const container = await containers.update({
        name,
        etag,
        trustGroup,
        limits,
        egress,
        labels: labels?.values,
        ...changeOptions(request),
      });
      return { container: wireOf(container) };
    },
    async deleteContainer(request, context) {
      await may.admin(context);
      const { name, etag } = request;
      await containers.delete({ name, etag, ...changeOptions(request) });
      return {};
    },
  };
}

function wireOf({ createdAtMs, ...container }: Container): WireContainer {
  return { ...container, createTime: timeOf(createdAtMs) };
}
