/** Turns the wire's messages into the catalog's words, and back. */
import {
  type Change,
  ContainerLimits,
  type ContainerState,
  EgressProxy,
  type EgressState,
  type ExtensionState,
  type Held,
  HeldState,
  type PointState,
  type Version,
} from "../../proto/gen/annex/sync/v1/sync.ts";
import type {
  ContainerEntry,
  EgressEntry,
  ExtensionEntry,
  HistoryPosition,
  PointEntry,
  Refused,
  SigningKey,
} from "./dependencies.ts";
import { definite } from "./faults.ts";

/** What a change is about, as a key; undefined where a newer control plane tells of something this host does not know. */
export function resourceKeyOf({ resource }: Change): string | undefined {
  switch (resource?.$case) {
    case "extension":
    case "removedExtension":
      return extensionKey(resource.value.container, resource.value.extension);
    case "container":
    case "removedContainer":
      return containerKey(resource.value.container);
    case "point":
    case "removedPoint":
      return pointKey(resource.value.point);
    case "egress":
      return egressKey;
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

/** The key of a point. */
export function pointKey(point: string): string {
  return JSON.stringify(["point", point]);
}

/** The key of the platform's egress. */
export const egressKey = "egress";

/** An extension's state as an entry of the catalog. */
export function entryOf(
  state: ExtensionState,
  version: Version,
  position: HistoryPosition,
): ExtensionEntry {
  const { container, extension, enabled, points, secrets, meta } = state;
  const { quarantineReleases } = state;
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
    quarantineReleases,
    position: { historyId: position.historyId, revision: position.revision },
  };
}

/** A container's state as an entry of the catalog. */
export function containerOf(state: ContainerState): ContainerEntry {
  const { container, labels, trustGroup, egressAllow, egressDeny } = state;
  return {
    container,
    labels,
    trustGroup,
    limits: ContainerLimits.fromPartial(state.limits ?? {}),
    egress: { allow: egressAllow, deny: egressDeny },
  };
}

/** What a point's state says calls may use. */
export function pointLimitsOf(state: PointState): PointEntry {
  const { cpuMs, syncMs, wallMs } = state;
  return { cpuMs, syncMs, wallMs };
}

/** The platform's egress as the catalog keeps it. */
export function egressOf(state: EgressState): EgressEntry {
  const { internalHosts, deny, proxies } = state;
  return {
    internalHosts,
    deny,
    proxies: proxies.map((proxy) => EgressProxy.fromPartial(proxy)),
  };
}

/** What the host says of a version it has taken out of service. */
export function quarantinedOf(
  names: { container: string; extension: string },
  version: number,
  message: string,
): Held {
  const { refusal } = definite("quarantined", message);
  return heldOf(names, version, HeldState.QUARANTINED, refusal);
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
