/** No HTTP/2 yet: its constants are there. */
import type { Exports, RealmParts } from "../realm.ts";
import { unavailableModule } from "../unavailable.ts";

const reason = "an extension speaks HTTP/1.1, by `http`, `https` and `fetch`";

export function createModule(parts: RealmParts): Exports {
  return unavailableModule(parts, "http2", reason, {
    sensitiveHeaders: Symbol("sensitiveHeaders"),
    getDefaultSettings: () => ({
      headerTableSize: 4096,
      enablePush: true,
      initialWindowSize: 65_535,
      maxFrameSize: 16_384,
      maxConcurrentStreams: 4_294_967_295,
      maxHeaderListSize: 65_535,
      maxHeaderSize: 65_535,
      enableConnectProtocol: false,
    }),
  });
}
