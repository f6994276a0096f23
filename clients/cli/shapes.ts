/** The JSON that `--json` prints: stable, with snake_case keys. */
import type { Container } from "../../proto/gen/annex/control/v1/container.ts";
import type {
  Extension,
  ExtensionVersion,
  Rollout,
} from "../../proto/gen/annex/control/v1/extension.ts";
import {
  type Host,
  type HostVersion,
  hostVersionStateToJSON,
} from "../../proto/gen/annex/control/v1/host.ts";
import type {
  Point,
  PointBinding,
} from "../../proto/gen/annex/control/v1/point.ts";
import type { Secret } from "../../proto/gen/annex/control/v1/secret.ts";
import {
  type TokenClaims,
  tokenKindToJSON,
} from "../../proto/gen/annex/control/v1/token.ts";

/** A container. */
export function containerJson({ name, createTime, etag }: Container) {
  return { name, create_time: createTime, etag };
}

/** A point. */
export function pointJson({ name, createTime, etag }: Point) {
  return { name, create_time: createTime, etag };
}

/** A binding. */
export function bindingJson({ container, point, extension }: PointBinding) {
  return { container, point, extension };
}

/** A secret, without its value. */
export function secretJson({ container, extension, name, updateTime }: Secret) {
  return { container, extension, name, update_time: updateTime };
}

/** An extension. */
export function extensionJson(extension: Extension) {
  const { container, name, enabled, points, meta, etag } = extension;
  return {
    container,
    name,
    enabled,
    active_version: extension.activeVersion,
    newest_version: extension.newestVersion,
    points,
    meta,
    secret_names: extension.secretNames,
    create_time: extension.createTime,
    update_time: extension.updateTime,
    etag,
  };
}

/** A version. */
export function versionJson(version: ExtensionVersion) {
  const { container, extension, number, digest, runtime, active } = version;
  return {
    container,
    extension,
    number,
    digest,
    runtime,
    bundle_bytes: Number(version.bundleBytes),
    create_time: version.createTime,
    active,
  };
}

/** A rollout. */
export function rolloutJson({
  version,
  subscribed,
  stored,
  compiled,
  warm,
  refused,
}: Rollout) {
  return {
    version,
    subscribed,
    stored,
    compiled,
    warm,
    refused: refused.map(({ host, reason, message }) => ({
      host,
      reason,
      message,
    })),
  };
}

/** A host, as lists show it. */
export function hostJson(host: Host) {
  const { name, connected, runtimes, release } = host;
  return {
    name,
    connected,
    since_time: host.sinceTime,
    runtimes,
    run_url: host.runUrl,
    release,
    revision: Number(host.revision),
  };
}

/** How far a host has come with one version. */
export function hostVersionJson({
  container,
  extension,
  version,
  state,
  reason,
}: HostVersion) {
  const word = wordOf(hostVersionStateToJSON(state), "HOST_VERSION_STATE_");
  return { container, extension, version, state: word, reason };
}

/** A token's claims; times that are not set are null. */
export function claimsJson(claims: TokenClaims) {
  return {
    kind: wordOf(tokenKindToJSON(claims.kind), "TOKEN_KIND_"),
    containers: claims.containers,
    extension: claims.extension,
    not_before: timeOf(claims.notBeforeS),
    expires: timeOf(claims.expiresAtS),
    issued: timeOf(claims.issuedAtS),
    jti: claims.jti,
  };
}

function wordOf(name: string, prefix: string): string {
  return name.replace(prefix, "").toLowerCase();
}

function timeOf(seconds: bigint): string | null {
  return seconds === 0n ? null : new Date(Number(seconds) * 1000).toISOString();
}
