import type { Secret } from "../domain/secret.ts";
import type { ChangeOptions } from "./changes.ts";
import type { ExtensionName } from "./extensions.ts";

/** Names one secret. */
export interface SecretName extends ExtensionName {
  name: string;
}

/** Keeps extensions' secrets, sealed. */
export interface SecretStore {
  /** Creates or replaces it. */
  set(request: SecretName & { value: string } & ChangeOptions): Promise<Secret>;
  list(name: ExtensionName): Promise<Secret[]>;
  delete(request: SecretName & ChangeOptions): Promise<void>;
}
