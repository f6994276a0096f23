import type {
  Container as WireContainer,
  ContainerServiceDefinition,
} from "../../proto/gen/annex/control/v1/container.ts";
import { AnnexError } from "../../proto/errors.ts";
import type { UnaryImplementation } from "../../proto/rpc/service.ts";
import type { Container } from "../domain/container.ts";
import type { Page, PageRequest } from "../domain/page.ts";
import type { Authenticator } from "./authenticate.ts";
import { changeOptions, type ChangeOptions } from "./change-options.ts";
import { timeOf } from "./times.ts";

/** What the service asks of the store. */
export interface ContainerStore {
  create(request: { name: string } & ChangeOptions): Promise<Container>;
  get(name: string): Promise<Container>;
  list(request: PageRequest): Promise<Page<Container>>;
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
      const container = await containers.create({
        name: request.name,
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
    async updateContainer(_request, context) {
      await may.admin(context);
      throw new AnnexError("precondition", "not served yet");
    },
    async deleteContainer(request, context) {
      await may.admin(context);
      const { name, etag } = request;
      await containers.delete({ name, etag, ...changeOptions(request) });
      return {};
    },
  };
}

function wireOf({ name, createdAtMs, etag }: Container): WireContainer {
  return {
    name,
    createTime: timeOf(createdAtMs),
    etag,
    labels: {},
    trustGroup: "",
    limits: undefined,
    egress: undefined,
  };
}
