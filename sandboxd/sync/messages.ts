/** Turns the wire's messages into the catalog's words, and back. */
import {
  type Change,
  type ExtensionState,
  type Held,
  HeldState,
  type Version,
} from "../../proto/gen/annex/sync/v1/sync.ts";
import type {
  ExtensionEntry,
  HistoryPosition,
  Refused,
  SigningKey,
} from "./dependencies.ts";

/** What a change is about, as a key; undefined where a newer control plane tells of something this host does not know. */
export function resourceKeyOf({ resource }: Change): string | undefined {
  switch (resource?.$case) {
    case "extension":
    case "removedExtension":
      return extensionKey(resource.value.container, resource.value.extension);
    case "container":
    case "removedContainer":
      return containerKey(resource.value.container);
    case "keys":
    case "revocations":
      return resource.$case;
    case undefined:
    default:
      return undefined;
  }
}

/** The key of an extension. */
export function extensionKey(container: string, extension: string): string {
  return JSON.stringify(["extension", container, extension]);
}

/** The key of a container. */
export function containerKey(container: string): string {
  return JSON.stringify(["container", container]);
}

/** An extension's state as an entry of the catalog. */
export function entryOf(
  state: ExtensionState,
  version: Version,
  position: HistoryPosition,
): ExtensionEntry {
  const { container, extension, enabled, points, secrets, meta } = state;
  const { number, digest, runtime, bundle } = version;
  const bundleBytes = bundle.length || Number(version.bundleBytes);
  return {
    container,
    extension,
    enabled,
    version: { number, digest, runtime, bundleBytes },
    points,
    secrets,
    meta,
    position: { historyId: position.historyId, revision: position.revision },
  };
}

/** What the host says it holds of a version. */
export function heldOf(
  names: { container: string; extension: string },
  version: number,
  state: HeldState,
  refusal?: Refused,
): Held {
  const { container, extension } = names;
  return { container, extension, version, state, refusal };
}

/** The keys of a JSON Web Key Set; undefined where it is none or has no key. */
export function keysOf(jwks: string): { keys: SigningKey[] } | undefined {
  const parsed = parse(jwks);
  if (!isObject(parsed) || !("keys" in parsed)) return undefined;
  const { keys } = parsed;
  if (!Array.isArray(keys) || keys.length === 0) return undefined;
  return keys.every(isKey) ? { keys } : undefined;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isKey(value: unknown): value is SigningKey {
  return isObject(value) && "kty" in value && typeof value.kty === "string";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
