/**
 * Takes over what the control plane says of an extension. A version serves only after an executor has evaluated it; one
 * that is not taken leaves the old version serving, with the new points, secrets, meta and `enabled`.
 */
import { createHash } from "node:crypto";
import { candidateOf, Checker, isRetryable } from "./checker.ts";
import type {
  Candidate,
  ExtensionEntry,
  Refused,
  SyncDependencies,
} from "./dependencies.ts";
import { definite, type Fault, passing } from "./faults.ts";
import type { Writes } from "./writes.ts";

/** What became of a change. */
export interface Outcome {
  /** Why the version was not taken. */
  refusal?: Refused;
  /** Whether the host knows it after a restart too, so that it need not be told again. */
  isDurable: boolean;
  /** Whether the new version is warm; unset where it is the one that served before. */
  isWarm?: boolean;
}

type Dependencies = Pick<
  SyncDependencies,
  "catalog" | "checkVersion" | "warm" | "log"
> & { runtimes: readonly string[]; writes: Writes; signal: AbortSignal };

/** Applies extensions' states; of one extension one at a time, please. */
export class Applier {
  readonly #deps: Dependencies;
  readonly #checker: Checker;

  constructor(dependencies: Dependencies) {
    this.#deps = dependencies;
    this.#checker = new Checker(dependencies);
  }

  /** Applies a state whose bundle was stored, or why it was not. */
  async apply(
    next: ExtensionEntry,
    storeFault: Fault | undefined,
  ): Promise<Outcome> {
    const { catalog } = this.#deps;
    const before = catalog.extension(next.container, next.extension);
    const { digest } = next.version;
    if (before?.version.digest === digest && catalog.hasBundle(digest)) {
      // What comes without its bundle comes without its length.
      const { bundleBytes } = before.version;
      const version = { ...next.version, bundleBytes };
      return { isDurable: await this.#serve({ ...next, version }) };
    }
    const fault = storeFault ?? (await this.#findFault(next));
    if (fault) return this.#refuse(next, before, fault);
    return this.#takeOver(next, before);
  }

  /** Lets a version that has passed serve, warm where the one before it is. */
  async #takeOver(
    next: ExtensionEntry,
    before: ExtensionEntry | undefined,
  ): Promise<Outcome> {
    const { catalog } = this.#deps;
    const candidate = await candidateOf(next, catalog).catch(() => undefined);
    if (!candidate)
      return this.#refuse(
        next,
        before,
        passing("digest", "the bundle is lost"),
      );
    const isWarm = await this.#warm(candidate);
    const { version } = candidate;
    return { isDurable: await this.#serve({ ...next, version }), isWarm };
  }

  async #warm(candidate: Candidate): Promise<boolean> {
    const { catalog, warm, log } = this.#deps;
    const { container, extension, version } = candidate;
    const isQuarantined = catalog
      .quarantines(container, extension)
      .some((one) => one.version.digest === version.digest);
    if (isQuarantined) return false; // it would be brought beside what must not meet it
    return warm(candidate).catch((error: unknown) => {
      const fields = { err: error, ...namesOf(candidate) };
      log.warn(fields, "version cannot be made warm"); // its first call will find it cold
      return false;
    });
  }

  async #findFault(next: ExtensionEntry): Promise<Fault | undefined> {
    const { catalog, runtimes } = this.#deps;
    const { runtime, digest } = next.version;
    if (!runtimes.includes(runtime))
      return definite(
        "runtime",
        `the version was built for runtime ${runtime}, and this host holds ${runtimes.join(", ")}: upgrade the host, or publish the version anew for a runtime it holds`,
      );
    const remembered = this.#remembered(next);
    if (remembered) return { refusal: remembered, isPassing: false };
    if (!catalog.hasBundle(digest))
      return passing("digest", "the bundle was not sent");
    return this.#checker.check(next);
  }

  /** Why this very version was refused before, unless something has changed that may turn the verdict. */
  #remembered(next: ExtensionEntry): Refused | undefined {
    const { catalog } = this.#deps;
    const { digest } = next.version;
    const refused = catalog.refused(next.container, next.extension);
    if (refused?.version.digest !== digest) return undefined;
    if (!catalog.hasBundle(digest)) return refused.refusal;
    const { reason } = refused.refusal;
    if (["digest", "runtime"].includes(reason) || isRetryable(reason))
      return undefined;
    const isSame = refused.environmentDigest === environmentDigestOf(next);
    return isSame ? refused.refusal : undefined;
  }

  async #refuse(
    next: ExtensionEntry,
    before: ExtensionEntry | undefined,
    fault: Fault,
  ): Promise<Outcome> {
    const { catalog, log, writes } = this.#deps;
    const { container, extension, version, position } = next;
    const { refusal, isPassing } = fault;
    log.warn(
      { ...namesOf(next), reason: refusal.reason, detail: refusal.message },
      "version refused",
    );
    const isWritten = await writes.all([
      async () => {
        if (before)
          await catalog.putExtension({ ...next, version: before.version });
      },
      async () => {
        if (isPassing) return;
        const environmentDigest = environmentDigestOf(next);
        const names = { container, extension, version, position };
        await catalog.putRefused({ ...names, refusal, environmentDigest });
      },
    ]);
    return { refusal, isDurable: isWritten && !isPassing };
  }

  #serve(next: ExtensionEntry): Promise<boolean> {
    const { catalog, writes } = this.#deps;
    return writes.all([
      () => catalog.putExtension(next),
      () => catalog.removeRefused(next.container, next.extension),
    ]);
  }
}

/** Evaluating a version again is of use where it will find other secrets or meta. */
function environmentDigestOf({ secrets, meta }: ExtensionEntry): string {
  const sorted = [secrets, meta].map((one) =>
    Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
}

function namesOf({ container, extension, version }: ExtensionEntry): object {
  return { container, extension, version: version.number };
}
