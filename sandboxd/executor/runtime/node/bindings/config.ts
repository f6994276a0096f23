/** How this Node was built, as far as a guest may rely on it. */
import type { Exports, RealmParts } from "../realm.ts";

export function createBinding(_parts: RealmParts): Exports {
  return {
    isDebugBuild: false,
    openSSLIsBoringSSL: false,
    hasOpenSSL: true,
    fipsMode: false,
    hasIntl: true,
    hasTracing: false,
    hasNodeOptions: false,
    hasInspector: false,
    noBrowserGlobals: false,
    bits: 64,
    getDefaultLocale: () => "en-US",
  };
}
