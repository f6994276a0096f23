import { bulkhead, BulkheadRejectedError } from "cockatiel";
import { AnnexError } from "../../proto/errors.ts";
import type { Bundle, SourceFile } from "../domain/version.ts";

/** An author's source, as it is built. */
export interface Source {
  files: SourceFile[];
  entry: string;
}

/** Builds a source; refuses one that does not build with `invalid` and file:line:column. */
export type Build = (
  source: Source,
  options?: { signal?: AbortSignal },
) => Promise<Bundle & { entry: string }>;

/** How many builds run at once, and how many may wait. */
export interface BuildLimits {
  running: number;
  waiting: number;
}

/** Builds a few sources at a time, so that a burst of publishes costs neither memory nor the control plane's answers. */
export function boundedBuild(build: Build, limits: BuildLimits): Build {
  const gate = bulkhead(limits.running, limits.waiting);
  return async (source, options) => {
    try {
      return await gate.execute(() => build(source, options));
    } catch (thrown) {
      if (!(thrown instanceof BulkheadRejectedError)) throw thrown;
      throw new AnnexError(
        "unavailable",
        `${limits.running + limits.waiting} builds are under way; try again later`,
      );
    }
  };
}
