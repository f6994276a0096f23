import type { Extension } from "../domain/extension.ts";
import type { Page, PageRequest } from "../domain/page.ts";
import type { Bundle, SourceFile, Version } from "../domain/version.ts";
import type { ChangeOptions, EtagOption } from "./changes.ts";
import type { ExtensionName } from "./extensions.ts";

/** A build to be stored as an extension's next version. */
export interface PublishRequest
  extends ExtensionName, EtagOption, ChangeOptions {
  files: SourceFile[];
  entry: string;
  bundle: Bundle;
  /** Make it the version that serves. */
  activate: boolean;
  /** Create the extension: already_exists where it exists; without it, not_found where it does not. */
  create: boolean;
  /** Bind the extension at these points too. */
  points?: string[] | undefined;
  /** Added to the extension's meta. */
  meta?: Record<string, string> | undefined;
  /** Added to the extension's secrets. */
  secrets?: Record<string, string> | undefined;
}

/** What a publish came to. */
export interface Published {
  extension: Extension;
  version: Version;
}

/** Names one version. */
export interface VersionName extends ExtensionName {
  number: number;
}

/** Keeps versions, and which one is active. */
export interface VersionStore {
  /** In one transaction. What the newest version already is makes no new one. */
  publish(request: PublishRequest): Promise<Published>;
  activate(
    request: VersionName & EtagOption & ChangeOptions,
  ): Promise<Extension>;
  /** Activates the version that served before the active one; refused with precondition where there is none. */
  rollBack(
    request: ExtensionName & EtagOption & ChangeOptions,
  ): Promise<Extension>;
  get(name: VersionName): Promise<Version>;
  /** Newest first. */
  list(request: ExtensionName & PageRequest): Promise<Page<Version>>;
  readSource(
    name: VersionName,
  ): Promise<{ files: SourceFile[]; entry: string }>;
  /** A bundle by its digest; undefined where no version refers to it any more. */
  readBundle(
    digest: string,
  ): Promise<{ content: Uint8Array; sourceMap: Uint8Array } | undefined>;
}
