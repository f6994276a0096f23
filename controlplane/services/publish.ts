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
  check("source_bytes", own, publishLimits.sourceBytes);
  check("source_bytes_with_modules", all, publishLimits.sourceBytesWithModules);
}

/** Refuses more than a build may come to. */
export function checkBundleBytes({ content, sourceMap }: Bundle): void {
  const bytes = content.length + sourceMap.length;
  check("bundle_bytes", bytes, publishLimits.bundleBytes);
}

function check(limit: string, observed: number, value: number): void {
  if (observed <= value) return;
  throw new AnnexError(
    "exhausted",
    `too large: ${observed} bytes, and the limit ${limit} is ${value}`,
  );
}
