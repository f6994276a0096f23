/** Hooks into V8's errors: stacks are read outside, where the author's source map is. */
import type { Exports, RealmParts } from "../realm.ts";

export function createBinding({ runtime }: RealmParts): Exports {
  return {
    setPrepareStackTraceCallback: () => undefined,
    setGetSourceMapErrorSource: () => undefined,
    setSourceMapsEnabled: () => undefined,
    setMaybeCacheGeneratedSourceMap: () => undefined,
    setEnhanceStackForFatalException: () => undefined,
    noSideEffectsToString: (value: unknown) => String(value),
    triggerUncaughtException: (error: unknown, isRejection: unknown) => {
      if (isRejection !== true) throw error;
      const { take, log } = runtime.uncaught;
      if (!take(error, true)) log(error);
    },
    getErrorSourcePositions: () => undefined,
  };
}
