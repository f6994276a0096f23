/** A publish: the limits on what is sent, then the build, then one transaction. */
import { AnnexError } from "../../proto/errors.ts";
import type { PublishVersionRequest } from "../../proto/gen/annex/control/v1/extension.ts";
import type { Extension } from "../domain/extension.ts";
import type { Bundle, SourceFile, Version } from "../domain/version.ts";
import type { Build } from "./bounded-build.ts";
import { changeOptions, type ChangeOptions } from "./change-options.ts";

/** The most of source an author may send, without and with node_modules; and the most a build may come to. */
export const publishLimits = {
  sourceBytes: 1024 * 1024,
  sourceBytesWithModules: 20 * 1024 * 1024,
  bundleBytes: 20 * 1024 * 1024,
} as const;

/** What the store is asked to keep. */
export interface PublishRequest extends ChangeOptions {
  container: string;
  extension: string;
  files: SourceFile[];
  entry: string;
  bundle: Bundle;
  activate: boolean;
  create: boolean;
  points: string[];
  meta: Record<string, string>;
  secrets: Record<string, string>;
  etag: string;
}

/** What a publish came to. */
export interface Published {
  extension: Extension;
  version: Version;
}

/** What a publish needs. */
export interface PublishDeps {
  build: Build;
  publish: (request: PublishRequest) => Promise<Published>;
}

/** Builds a source and stores it as a version. */
export async function publishVersion(
  { build, publish }: PublishDeps,
  request: PublishVersionRequest,
  signal: AbortSignal,
): Promise<Published> {
  const { validateOnly, entry, ...wanted } = request;
  checkSourceBytes(wanted.files);
  const built = await build({ files: wanted.files, entry }, { signal });
  checkBundleBytes(built);
  return await publish({
    ...wanted,
    entry: built.entry,
    bundle: built,
    ...changeOptions({ validateOnly }),
  });
}

/** Refuses more source than may be sent. */
export function checkSourceBytes(files: SourceFile[]): void {
  let own = 0;
  let all = 0;
  for (const { path, content } of files) {
    all += content.length;
    if (!path.split("/").includes("node_modules")) own += content.length;
  }
  check("source_bytes", own, {
    limit: publishLimits.sourceBytes,
    what: "the source without its node_modules",
    remedy: "leave out what the code does not need",
  });
  check("source_bytes_with_modules", all, {
    limit: publishLimits.sourceBytesWithModules,
    what: "the source",
    remedy: "leave out packages that the code does not need",
  });
}

/** Refuses more than a build may come to. */
export function checkBundleBytes({ content, sourceMap }: Bundle): void {
  const bytes = content.length + sourceMap.length;
  check("bundle_bytes", bytes, {
    limit: publishLimits.bundleBytes,
    what: "the bundle with its source map",
    remedy: "import the parts of large packages that are needed, not all",
  });
}

function check(
  name: string,
  observed: number,
  { limit, what, remedy }: { limit: number; what: string; remedy: string },
): void {
  if (observed <= limit) return;
  throw new AnnexError(
    "exhausted",
    `too large: ${what} has ${observed} bytes, and the limit ${name} is ${limit}; ${remedy}`,
  );
}
