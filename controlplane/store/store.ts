/** The control plane's state in one SQLite file, one owner of it at a time. */
import { AnnexError } from "../../proto/errors.ts";
import type { ChangeStore } from "./changes.ts";
import type { ContainerStore } from "./containers.ts";
import type { ExtensionStore } from "./extensions.ts";
import type { PointStore } from "./points.ts";
import type { SecretStore } from "./secrets.ts";
import type { TokenStore } from "./tokens.ts";
import type { VersionStore } from "./versions.ts";

/** Where the state lies. */
export interface StoreOptions {
  /** The database; created, with its folder, where missing. */
  file: string;
  /** The key that seals secrets; created where missing and the database is new. */
  masterKeyFile: string;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** Everything the control plane keeps. What a promise here has resolved for survives kill -9 and loss of power. */
export interface Store {
  containers: ContainerStore;
  points: PointStore;
  extensions: ExtensionStore;
  versions: VersionStore;
  secrets: SecretStore;
  tokens: TokenStore;
  changes: ChangeStore;
  /** Writes a backup while everything goes on; the master key is not in it. */
  backupTo(file: string): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** Opens the store for this process alone; refused with precondition while another control plane has it. */
export function openStore(options: StoreOptions): Promise<Store> {
  return Promise.reject(
    new AnnexError("internal", `not written yet: ${options.file}`),
  );
}
