/** What is true now of one resource, as the message that tells it. */
import { bufferOf } from "../../proto/rpc/bytes.ts";
import type {
  Change as WireChange,
  ExtensionState as WireState,
  Version as WireVersion,
} from "../../proto/gen/annex/sync/v1/sync.ts";
import type { Container } from "../domain/container.ts";
import type { EgressState } from "../domain/egress.ts";
import type { ExtensionState } from "../domain/extension.ts";
import type { Change, Resource } from "../domain/history.ts";
import type { Point } from "../domain/point.ts";
import type { PublicKeys, RevokedToken } from "../domain/token.ts";

/** What the store is asked for. */
export interface ResourceStore {
  containers: { find(name: string): Promise<Container | undefined> };
  points: { find(name: string): Promise<Point | undefined> };
  egress: { readState(): Promise<EgressState> };
  extensions: {
    readState(name: {
      container: string;
      extension: string;
    }): Promise<ExtensionState | undefined>;
  };
  tokens: {
    publicKeys(): Promise<PublicKeys>;
    listRevocations(nowS: number): Promise<RevokedToken[]>;
  };
}

/** A message's resource, and the extension's state where it has one. */
export interface ResourceMessage {
  resource: NonNullable<WireChange["resource"]>;
  state?: ExtensionState;
}

/** Reads a resource that changed; an extension that no version serves is told as removed. */
export async function readResource(
  store: ResourceStore,
  { resource, removed }: Change,
  nowMs: number,
): Promise<ResourceMessage> {
  switch (resource.kind) {
    case "container":
      return {
        resource: containerMessage(
          resource,
          removed ? undefined : await store.containers.find(resource.container),
        ),
      };
    case "point":
      return {
        resource: pointMessage(
          resource,
          removed ? undefined : await store.points.find(resource.point),
        ),
      };
    case "egress":
      return { resource: egressMessage(await store.egress.readState()) };
    case "extension":
      return extensionMessage(
        resource,
        removed ? undefined : await store.extensions.readState(resource),
      );
    case "keys":
      return { resource: keysMessage(await store.tokens.publicKeys()) };
    case "revocations":
      return {
        resource: revocationsMessage(
          await store.tokens.listRevocations(Math.floor(nowMs / 1000)),
        ),
      };
    default:
      return resource satisfies never;
  }
}

/** A bundle as it is sent with the version that runs it. */
export interface SentBundle {
  content: Uint8Array;
  sourceMap: Uint8Array;
}

/** Puts a bundle into the message; `inline` false where it came in chunks before. */
export function withBundle(
  version: WireVersion,
  bundle: SentBundle,
  inline: boolean,
): WireVersion {
  return {
    ...version,
    bundleBytes: BigInt(bundle.content.length),
    ...(inline && {
      bundle: bufferOf(bundle.content),
      sourceMap: bufferOf(bundle.sourceMap),
    }),
  };
}

function containerMessage(
  { container }: Extract<Resource, { kind: "container" }>,
  state: Container | undefined,
): ResourceMessage["resource"] {
  if (!state) return { $case: "removedContainer", value: { container } };
  const { labels, trustGroup, limits, egress } = state;
  return {
    $case: "container",
    value: {
      container,
      labels,
      trustGroup,
      limits,
      egressAllow: egress.allow,
      egressDeny: egress.deny,
    },
  };
}

function pointMessage(
  { point }: Extract<Resource, { kind: "point" }>,
  state: Point | undefined,
): ResourceMessage["resource"] {
  if (!state) return { $case: "removedPoint", value: { point } };
  return { $case: "point", value: { point, ...state.limits } };
}

function egressMessage({
  internalHosts,
  deny,
  proxies,
}: EgressState): ResourceMessage["resource"] {
  return { $case: "egress", value: { internalHosts, deny, proxies } };
}

function keysMessage(keys: PublicKeys): ResourceMessage["resource"] {
  return { $case: "keys", value: { jwks: JSON.stringify(keys) } };
}

function revocationsMessage(
  revoked: RevokedToken[],
): ResourceMessage["resource"] {
  const tokens = revoked.map(({ jti, expiresAtS }) => ({
    jti,
    expiresAtS: BigInt(expiresAtS),
  }));
  return { $case: "revocations", value: { tokens } };
}

function extensionMessage(
  { container, extension }: Extract<Resource, { kind: "extension" }>,
  state: ExtensionState | undefined,
): ResourceMessage {
  if (!state) {
    const value = { container, extension };
    return { resource: { $case: "removedExtension", value } };
  }
  return { resource: { $case: "extension", value: wireOf(state) }, state };
}

function wireOf({ version, ...state }: ExtensionState): WireState {
  const empty = Buffer.alloc(0);
  const wireVersion = {
    ...version,
    bundle: empty,
    sourceMap: empty,
    bundleBytes: 0n,
  };
  return { ...state, version: wireVersion };
}
