import type {
  Point as WirePoint,
  PointServiceDefinition,
} from "../../proto/gen/annex/control/v1/point.ts";
import { AnnexError } from "../../proto/errors.ts";
import type { UnaryImplementation } from "../../proto/rpc/service.ts";
import type { PointLimits } from "../domain/limits.ts";
import type { Page, PageRequest } from "../domain/page.ts";
import type { Binding, Point } from "../domain/point.ts";
import type { Authenticator } from "./authenticate.ts";
import { changeOptions, type ChangeOptions } from "./change-options.ts";
import { timeOf } from "./times.ts";

/** What the service asks of the store. */
export interface PointStore {
  create(
    request: { name: string; limits?: PointLimits | undefined } & ChangeOptions,
  ): Promise<Point>;
  get(name: string): Promise<Point>;
  list(request: PageRequest): Promise<Page<Point>>;
  update(
    request: {
      name: string;
      etag?: string | undefined;
      limits: PointLimits;
    } & ChangeOptions,
  ): Promise<Point>;
  delete(
    request: { name: string; etag?: string | undefined } & ChangeOptions,
  ): Promise<void>;
  bind(
    request: Binding & { replace?: boolean | undefined } & ChangeOptions,
  ): Promise<Binding>;
  unbind(
    request: { container: string; point: string } & ChangeOptions,
  ): Promise<void>;
  listBindings(container: string): Promise<Binding[]>;
}

/** PointService over a store. */
export function pointService(
  may: Authenticator,
  points: PointStore,
): UnaryImplementation<typeof PointServiceDefinition> {
  return {
    async createPoint(request, context) {
      await may.admin(context);
      const { name, limits } = request;
      const point = await points.create({
        name,
        limits,
        ...changeOptions(request),
      });
      return { point: wireOf(point) };
    },
    async getPoint({ name }, context) {
      await may.anyManager(context);
      return { point: wireOf(await points.get(name)) };
    },
    async listPoints(request, context) {
      await may.anyManager(context);
      const { items, nextPageToken } = await points.list(request);
      return { points: items.map(wireOf), nextPageToken };
    },
    async updatePoint(request, context) {
      await may.admin(context);
      const { name, etag, limits } = request;
      if (!limits)
        throw new AnnexError(
          "invalid",
          "limits is missing: say what they are to be; empty, it takes them all away",
        );
      const point = await points.update({
        name,
        etag,
        limits,
        ...changeOptions(request),
      });
      return { point: wireOf(point) };
    },
    async deletePoint(request, context) {
      await may.admin(context);
      const { name, etag } = request;
      await points.delete({ name, etag, ...changeOptions(request) });
      return {};
    },
    async bindExtension(request, context) {
      await may.managerOf(context, request.container);
      const { container, point, extension, replace } = request;
      const binding = { container, point, extension };
      return {
        binding: await points.bind({
          ...binding,
          replace,
          ...changeOptions(request),
        }),
      };
    },
    async unbindExtension({ container, point }, context) {
      await may.managerOf(context, container);
      await points.unbind({ container, point, ...changeOptions() });
      return {};
    },
    async listBindings({ container }, context) {
      await may.managerOf(context, container);
      return { bindings: await points.listBindings(container) };
    },
  };
}

function wireOf({ createdAtMs, ...point }: Point): WirePoint {
  return { ...point, createTime: timeOf(createdAtMs) };
}
