import { bufferOf } from "../../proto/rpc/bytes.ts";
import type {
  Extension as WireExtension,
  ExtensionServiceDefinition,
  ExtensionVersion as WireVersion,
  SourceFile as WireFile,
} from "../../proto/gen/annex/control/v1/extension.ts";
import type { UnaryImplementation } from "../../proto/rpc/service.ts";
import type { Extension } from "../domain/extension.ts";
import { quarantinesOf, type Host } from "../domain/host.ts";
import type { Page, PageRequest } from "../domain/page.ts";
import type { SourceFile, Version } from "../domain/version.ts";
import type { Authenticator } from "./authenticate.ts";
import { changeOptions, type ChangeOptions } from "./change-options.ts";
import { publishVersion, type PublishDeps } from "./publish.ts";
import { awaitRollout, withFrames, type RolloutFleet } from "./rollout.ts";
import { timeOf } from "./times.ts";

interface Name {
  container: string;
  extension: string;
}

interface Change extends Name, ChangeOptions {
  etag?: string | undefined;
}

/** What the service asks of the store about extensions. */
export interface ExtensionStore {
  get(name: Name): Promise<Extension>;
  list(request: { container: string } & PageRequest): Promise<Page<Extension>>;
  update(
    request: Change & {
      enabled?: boolean | undefined;
      meta?: Record<string, string> | undefined;
    },
  ): Promise<Extension>;
  delete(request: Change): Promise<void>;
  releaseQuarantine(request: Name & ChangeOptions): Promise<Extension>;
}

/** What the service asks of the store about versions. */
export interface VersionStore {
  publish: PublishDeps["publish"];
  activate(request: Change & { number: number }): Promise<Extension>;
  rollBack(request: Change): Promise<Extension>;
  get(name: Name & { number: number }): Promise<Version>;
  list(request: Name & PageRequest): Promise<Page<Version>>;
  readSource(
    name: Name & { number: number },
  ): Promise<{ files: SourceFile[]; entry: string }>;
}

/** What the service needs besides its caller's rights. */
export interface ExtensionServiceDeps {
  may: Authenticator;
  extensions: ExtensionStore;
  versions: VersionStore;
  build: PublishDeps["build"];
  fleet: RolloutFleet;
}

/** ExtensionService over a store, a build and the fleet. */
export function extensionService({
  may,
  extensions,
  versions,
  build,
  fleet,
}: ExtensionServiceDeps): UnaryImplementation<
  typeof ExtensionServiceDefinition
> {
  const publish = (request: Parameters<PublishDeps["publish"]>[0]) =>
    versions.publish(request);
  const tell = (extension: Extension) => wireOf(extension, fleet.hosts());
  const tellVersion = (version: Version) =>
    wireVersionOf(version, fleet.hosts());
  return {
    async publishVersion(request, context) {
      await may.managerOf(context, request.container);
      const published = await publishVersion(
        { build, publish },
        request,
        context.signal,
      );
      return {
        extension: tell(published.extension),
        version: tellVersion(published.version),
      };
    },
    async getExtension(request, context) {
      await may.managerOf(context, request.container);
      return { extension: tell(await extensions.get(request)) };
    },
    async listExtensions(request, context) {
      await may.managerOf(context, request.container);
      const { items, nextPageToken } = await extensions.list(request);
      const hosts = fleet.hosts();
      return {
        extensions: items.map((one) => wireOf(one, hosts)),
        nextPageToken,
      };
    },
    async updateExtension(request, context) {
      await may.managerOf(context, request.container);
      const { enabled, meta } = request;
      const extension = await extensions.update({
        ...changeOf(request),
        enabled,
        meta: meta?.entries,
      });
      return { extension: tell(extension) };
    },
    async deleteExtension(request, context) {
      await may.managerOf(context, request.container);
      await extensions.delete(changeOf(request));
      return {};
    },
    async activateVersion(request, context) {
      await may.managerOf(context, request.container);
      const { number } = request;
      const change = { ...changeOf(request), number };
      return { extension: tell(await versions.activate(change)) };
    },
    async rollBackExtension(request, context) {
      await may.managerOf(context, request.container);
      const extension = await versions.rollBack(changeOf(request));
      return { extension: tell(extension) };
    },
    async getVersion({ source, ...name }, context) {
      await may.managerOf(context, name.container);
      const version = tellVersion(await versions.get(name));
      const { files, entry } = source
        ? await versions.readSource(name)
        : { files: [], entry: "" };
      return { version, files: files.map(wireFileOf), entry };
    },
    async listVersions(request, context) {
      await may.managerOf(context, request.container);
      const { items, nextPageToken } = await versions.list(request);
      const hosts = fleet.hosts();
      const told = items.map((version) => wireVersionOf(version, hosts));
      return { versions: told, nextPageToken };
    },
    async releaseQuarantine(request, context) {
      await may.managerOf(context, request.container);
      const { container, extension } = request;
      const released = await extensions.releaseQuarantine({
        container,
        extension,
        ...changeOptions(request),
      });
      return { extension: tell(released) };
    },
    async getRollout({ waitMs, ...name }, context) {
      await may.managerOf(context, name.container);
      const rollout = await awaitRollout(fleet, {
        ...name,
        waitMs,
        signal: context.signal,
        activeVersion: async () => (await extensions.get(name)).activeVersion,
      });
      const readFiles = async () => {
        const { version: number } = rollout;
        return (await versions.readSource({ ...name, number })).files;
      };
      return { rollout: await withFrames(rollout, readFiles) };
    },
  };
}

function changeOf(
  request: Name & { etag: string; validateOnly: boolean },
): Change {
  const { container, extension, etag } = request;
  return { container, extension, etag, ...changeOptions(request) };
}

function wireOf(extension: Extension, hosts: readonly Host[]): WireExtension {
  const { createdAtMs, updatedAtMs, ...rest } = extension;
  const { container, name, activeVersion: number } = extension;
  return {
    ...rest,
    quarantines: quarantinesOf(hosts, { container, extension: name, number }),
    createTime: timeOf(createdAtMs),
    updateTime: timeOf(updatedAtMs),
  };
}

function wireVersionOf(version: Version, hosts: readonly Host[]): WireVersion {
  const { container, extension, number, digest, runtime, active } = version;
  return {
    container,
    extension,
    number,
    digest,
    runtime,
    active,
    bundleBytes: BigInt(version.bundleBytes),
    createTime: timeOf(version.createdAtMs),
    quarantines: quarantinesOf(hosts, version),
  };
}

function wireFileOf({ path, content }: SourceFile): WireFile {
  return { path, content: bufferOf(content) };
}
