import type {
  Secret as WireSecret,
  SecretServiceDefinition,
} from "../../proto/gen/annex/control/v1/secret.ts";
import type { UnaryImplementation } from "../../proto/rpc/service.ts";
import type { Secret } from "../domain/secret.ts";
import type { Authenticator } from "./authenticate.ts";
import { changeOptions, type ChangeOptions } from "./change-options.ts";
import { timeOf } from "./times.ts";

/** What the service asks of the store. */
export interface SecretStore {
  set(request: SecretName & { value: string } & ChangeOptions): Promise<Secret>;
  list(name: { container: string; extension: string }): Promise<Secret[]>;
  delete(request: SecretName & ChangeOptions): Promise<void>;
}

interface SecretName {
  container: string;
  extension: string;
  name: string;
}

/** SecretService over a store. */
export function secretService(
  may: Authenticator,
  secrets: SecretStore,
): UnaryImplementation<typeof SecretServiceDefinition> {
  return {
    async setSecret({ container, extension, name, value }, context) {
      await may.managerOf(context, container);
      const secret = { container, extension, name, value };
      return {
        secret: wireOf(await secrets.set({ ...secret, ...changeOptions() })),
      };
    },
    async listSecrets({ container, extension }, context) {
      await may.managerOf(context, container);
      const listed = await secrets.list({ container, extension });
      return { secrets: listed.map(wireOf) };
    },
    async deleteSecret({ container, extension, name }, context) {
      await may.managerOf(context, container);
      const secret = { container, extension, name };
      await secrets.delete({ ...secret, ...changeOptions() });
      return {};
    },
  };
}

function wireOf({ updatedAtMs, ...names }: Secret): WireSecret {
  return { ...names, updateTime: timeOf(updatedAtMs) };
}
