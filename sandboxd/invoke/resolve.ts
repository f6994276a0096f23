/** Finds what a request asks for among what this host serves: map look-ups, nothing else. */
import type { CallFailure } from "../../proto/errors.ts";
import type { InvokeRequest } from "../../proto/gen/annex/invoke/v1/invoke.ts";
import type { ServedExtension } from "./versions.ts";

/** What this host serves. */
export interface Resolver {
  hasContainer(name: string): boolean;
  extension(container: string, name: string): ServedExtension | undefined;
  bound(container: string, point: string): ServedExtension | undefined;
}

/** What to run, with the version that is to run, or why nothing is. */
export type Resolution =
  ServedExtension | CallFailure | { skipped: "nothing_bound" | "disabled" };

export function resolve(catalog: Resolver, request: InvokeRequest): Resolution {
  const { container, target } = request;
  return target?.$case === "point"
    ? resolvePoint(catalog, container, target.value)
    : resolveExtension(catalog, container, target?.value ?? "");
}

function resolvePoint(
  catalog: Resolver,
  container: string,
  point: string,
): Resolution {
  const bound = catalog.bound(container, point);
  if (bound) return bound.enabled ? runnable(bound) : { skipped: "disabled" };
  return catalog.hasContainer(container)
    ? { skipped: "nothing_bound" }
    : noContainer(container);
}

function resolveExtension(
  catalog: Resolver,
  container: string,
  name: string,
): Resolution {
  const extension = catalog.extension(container, name);
  if (extension?.enabled) return runnable(extension);
  if (extension)
    return {
      reason: "disabled",
      message: `extension ${name} of container ${container} is disabled`,
    };
  if (!catalog.hasContainer(container)) return noContainer(container);
  return {
    reason: "not_found",
    message: `container ${container} has no extension ${name} that serves on this host`,
  };
}

/** The catalog has marked what is quarantined, so that all others pass for the price of one look. */
function runnable(serving: ServedExtension): ServedExtension | CallFailure {
  const { quarantine } = serving;
  if (quarantine === undefined) return serving;
  return quarantine.standIn ?? quarantined(serving, quarantine.message);
}

function quarantined(
  { container, extension, version }: ServedExtension,
  why: string,
): CallFailure {
  return {
    reason: "quarantined",
    message:
      `version ${version.number} of extension ${extension} of container ${container} is quarantined on this host: ${why}. ` +
      `Publish a version that works, or let this one run again: annex extension release ${extension} --container ${container}`,
  };
}

export function noContainer(container: string): CallFailure {
  return {
    reason: "not_found",
    message: `there is no container ${container} on this host`,
  };
}
