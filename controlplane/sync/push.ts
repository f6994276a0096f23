/** One change made ready to be sent: what is true now, and its bundle where the host has it not. */
import { AnnexError } from "../../proto/errors.ts";
import type {
  BundleChunk,
  Change as WireChange,
} from "../../proto/gen/annex/sync/v1/sync.ts";
import type { ExtensionState } from "../domain/extension.ts";
import type { Change } from "../domain/history.ts";
import { chunksOf, isInline, type ReadBundle } from "./bundles.ts";
import type { HeldBundles } from "./held-bundles.ts";
import { readResource, withBundle, type ResourceStore } from "./resources.ts";

/** A change whose turn it is. */
export interface NextPush {
  change: Change;
  /** Whether there is room for a bundle. */
  mayHaveBundle: boolean;
}

/** What is to be sent of a change. */
export interface PreparedPush {
  /** To be sent before it. */
  chunks: Iterable<BundleChunk>;
  resource: NonNullable<WireChange["resource"]>;
  /** Where it is an extension's. */
  state?: ExtensionState | undefined;
  /** Whether the bundle goes with it. */
  hasBundle: boolean;
}

/** What it is made from. */
export interface PushSource {
  store: ResourceStore;
  readBundle: ReadBundle;
  now: () => number;
}

/** Reads what is true now of the resource that changed; undefined where it needs a bundle and may have none. */
export async function preparePush(
  { store, readBundle, now }: PushSource,
  held: HeldBundles,
  { change, mayHaveBundle }: NextPush,
): Promise<PreparedPush | undefined> {
  const { resource, state } = await readResource(store, change, now());
  const plain = { chunks: [], resource, state, hasBundle: false };
  if (!state || resource.$case !== "extension" || held.has(state)) return plain;
  if (!mayHaveBundle) return undefined;
  const { digest } = state.version;
  const bundle = await readBundle(digest);
  const { version } = resource.value;
  if (!bundle || !version)
    throw new AnnexError("internal", `the store has no bundle ${digest}`);
  held.add(digest);
  const inline = isInline(bundle);
  const value = {
    ...resource.value,
    version: withBundle(version, bundle, inline),
  };
  return {
    chunks: inline ? [] : chunksOf(digest, bundle),
    resource: { $case: "extension", value },
    state,
    hasBundle: true,
  };
}
