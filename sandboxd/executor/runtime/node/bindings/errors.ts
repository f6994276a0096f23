/** Hooks into V8's errors: stacks are read outside, where the author's source map is. */
import type { Exports, RealmParts } from "../realm.ts";

export function createBinding(_parts: RealmParts): Exports {
  return {
    setPrepareStackTraceCallback: () => undefined,
    setGetSourceMapErrorSource: () => undefined,
    setSourceMapsEnabled: () => undefined,
    setMaybeCacheGeneratedSourceMap: () => undefined,
    setEnhanceStackForFatalException: () => undefined,
    noSideEffectsToString: (value: unknown) => String(value),
    triggerUncaughtException: (error: unknown) => {
      throw error;
    },
    getErrorSourcePositions: () => undefined,
  };
}
