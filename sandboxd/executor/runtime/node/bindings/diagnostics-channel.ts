/** Channels are JavaScript; no native part of this runtime publishes on one. */
import type { Exports, RealmParts } from "../realm.ts";

export function createBinding(_parts: RealmParts): Exports {
  return {
    subscribers: new Uint32Array(16),
    linkNativeChannel: () => undefined,
    notifyChannelActive: () => undefined,
    notifyChannelInactive: () => undefined,
    getOrCreateChannelIndex: () => undefined,
  };
}
