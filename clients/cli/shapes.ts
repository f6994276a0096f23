/** The JSON that `--json` prints: stable, with snake_case keys. */
import type { Container } from "../../proto/gen/annex/control/v1/container.ts";
import type { Egress } from "../../proto/gen/annex/control/v1/egress.ts";
import type {
  Extension,
  ExtensionVersion,
  HostQuarantine,
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

import { containerLimitsJson, pointLimitsJson } from "./limits.ts";

/** A container. */
export function containerJson(container: Container) {
  const { name, labels, createTime, etag, egress } = container;
  return {
    name,
    labels,
    trust_group: container.trustGroup,
    limits: containerLimitsJson(container.limits),
    egress: { allow: egress?.allow ?? [], deny: egress?.deny ?? [] },
    create_time: createTime,
    etag,
  };
}

/** A point. */
export function pointJson({ name, limits, createTime, etag }: Point) {
  return {
    name,
    limits: pointLimitsJson(limits),
    create_time: createTime,
    etag,
  };
}

/** The platform's egress; no password is ever told. */
export function egressJson({ internalHosts, deny, proxies, etag }: Egress) {
  return {
    internal_hosts: internalHosts,
    deny,
    proxies: proxies.map((proxy) => ({
      name: proxy.name,
      url: proxy.url,
      username: proxy.username,
      containers: proxy.containers,
      labels: proxy.labels,
      addresses: proxy.addresses,
    })),
    etag,
  };
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
    quarantines: extension.quarantines.map(quarantineJson),
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
    quarantines: version.quarantines.map(quarantineJson),
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
  quarantined,
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
    quarantined: quarantined.map(quarantineJson),
  };
}

function quarantineJson({ host, message }: HostQuarantine) {
  return { host, message };
}

/** A host, as lists show it. */
export function hostJson(host: Host) {
  const { name, connected, runtimes, release, walls, limits } = host;
  return {
    name,
    connected,
    since_time: host.sinceTime,
    runtimes,
    run_url: host.runUrl,
    release,
    revision: Number(host.revision),
    walls,
    limits,
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
