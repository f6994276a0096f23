/** Lets an executor evaluate versions before they serve, a few at a time. */
import {
  bulkhead,
  ExponentialBackoff,
  fullJitterGenerator,
  handleWhenResult,
  retry,
  wrap,
} from "cockatiel";
import { LRUCache } from "lru-cache";
import { type FailureReason, failureReasons } from "../../proto/errors.ts";
import type {
  Candidate,
  ExtensionEntry,
  SyncDependencies,
} from "./dependencies.ts";
import { type Fault, faultOf, passing } from "./faults.ts";

const checksAtOnce = 3;
const rememberedChecks = 10_000;
// An executor that was lost may have been another's victim, but a version that loses three is at fault.
const secondChances = 2;

type Dependencies = Pick<
  SyncDependencies,
  "catalog" | "checkVersion" | "log"
> & { signal: AbortSignal };

/** The checks of this host. */
export class Checker {
  readonly #deps: Dependencies;
  /** Versions that have passed, so that a roll-back needs no second check. */
  readonly #passed = new LRUCache<string, true>({ max: rememberedChecks });
  readonly #policy = wrap(
    bulkhead(checksAtOnce, Infinity),
    retry(handleWhenResult(mayPass), {
      maxAttempts: secondChances,
      backoff: new ExponentialBackoff({ generator: fullJitterGenerator }),
    }),
  );

  constructor(dependencies: Dependencies) {
    this.#deps = dependencies;
  }

  /** What is wrong with a version whose bundle is held. */
  async check(next: ExtensionEntry): Promise<Fault | undefined> {
    const key = keyOf(next);
    if (this.#passed.has(key)) return undefined;
    const { checkVersion, catalog, signal, log } = this.#deps;
    try {
      const failure = await this.#policy.execute(
        async () => checkVersion(await candidateOf(next, catalog), signal),
        signal,
      );
      if (failure) return faultOf(failure);
      this.#passed.set(key, true);
      return undefined;
    } catch (error) {
      const { container, extension, version } = next;
      log.error(
        { err: error, container, extension, version: version.number },
        "version cannot be checked",
      );
      return passing("executor_lost", "the version could not be checked");
    }
  }
}

/** An extension with its code. */
export async function candidateOf(
  next: ExtensionEntry,
  catalog: Pick<SyncDependencies["catalog"], "readBundle">,
): Promise<Candidate> {
  const { content, bundleBytes } = await catalog.readBundle(
    next.version.digest,
  );
  return { ...next, version: { ...next.version, bundleBytes }, content };
}

/** Whether a refusal for this reason says little about the version itself. */
export function isRetryable(reason: string): boolean {
  return isFailureReason(reason) && failureReasons[reason].retryable;
}

function mayPass(result: unknown): boolean {
  return (
    typeof result === "object" &&
    result !== null &&
    "reason" in result &&
    typeof result.reason === "string" &&
    isRetryable(result.reason)
  );
}

function isFailureReason(reason: string): reason is FailureReason {
  return Object.hasOwn(failureReasons, reason);
}

function keyOf({ container, extension, version }: ExtensionEntry): string {
  return JSON.stringify([container, extension, version.digest]);
}
