import type { Extension, ExtensionState } from "../domain/extension.ts";
import type { Page, PageRequest } from "../domain/page.ts";
import type { ChangeOptions, EtagOption } from "./changes.ts";

/** Names one extension. */
export interface ExtensionName {
  container: string;
  extension: string;
}

/** Keeps extensions; their versions are in versions.ts. */
export interface ExtensionStore {
  get(name: ExtensionName): Promise<Extension>;
  list(request: { container: string } & PageRequest): Promise<Page<Extension>>;
  /** Sets what is given; `meta` takes the place of all of it. */
  update(
    request: ExtensionName & {
      enabled?: boolean | undefined;
      meta?: Record<string, string> | undefined;
    } & EtagOption &
      ChangeOptions,
  ): Promise<Extension>;
  /** Deletes it with its versions, secrets and bindings. */
  delete(request: ExtensionName & EtagOption & ChangeOptions): Promise<void>;
  /** What hosts need to serve it; undefined where it is no more or no version was activated. */
  readState(name: ExtensionName): Promise<ExtensionState | undefined>;
}
