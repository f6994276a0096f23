/** Code of a request that an executor cannot run as it is: the control plane builds it, this host keeps what was built. */
import type { CallFailure } from "../../proto/errors.ts";
import type {
  BuildResponse,
  BuiltBundle,
  Refusal,
} from "../../proto/gen/annex/sync/v1/sync.ts";

export interface InlineBuildDependencies {
  build: (request: {
    container: string;
    source: string;
  }) => Promise<BuildResponse>;
  putInline: (
    sourceDigest: string,
    build: { runtime: string; bundle: Buffer; sourceMap: Buffer },
  ) => Promise<void>;
  log: { warn(fields: object, message: string): void };
}

/** Builds and keeps; resolves with why there is nothing to run. */
export function createInlineBuild(dependencies: InlineBuildDependencies) {
  const { build, putInline, log } = dependencies;
  const underWay = new Map<string, Promise<CallFailure | undefined>>();

  async function buildOnce(
    version: InlineSource,
    source: Uint8Array,
  ): Promise<CallFailure | undefined> {
    const { container, sourceDigest } = version;
    try {
      const text = Buffer.from(source).toString("utf8");
      const { outcome } = await build({ container, source: text });
      if (outcome?.$case === "refusal") return refusalFailure(outcome.value);
      if (outcome?.$case === "bundle")
        await putInline(sourceDigest, builtOf(outcome.value));
      return undefined;
    } catch (error) {
      log.warn({ container, error }, "code of a request could not be built");
      return unavailable;
    }
  }

  /** Calls that bring the same code at once wait for one build. */
  return (
    version: InlineSource,
    source: Uint8Array,
  ): Promise<CallFailure | undefined> => {
    const key = `${version.container}/${version.sourceDigest}`;
    const known = underWay.get(key);
    if (known) return known;
    const building = buildOnce(version, source).finally(() =>
      underWay.delete(key),
    );
    underWay.set(key, building);
    return building;
  };
}

interface InlineSource {
  container: string;
  /** SHA-256 of the code, lower-case hex. */
  sourceDigest: string;
}

const unavailable: CallFailure = {
  reason: "build_unavailable",
  message:
    "this code needs to be built first (it is no plain CommonJS script, or requires more than builtins), and the control plane that builds is away: try again later, or publish the code as an extension",
};

function builtOf({ runtime, content, sourceMap }: BuiltBundle) {
  return { runtime, bundle: content, sourceMap };
}

function refusalFailure({ reason, message }: Refusal): CallFailure {
  return {
    reason: reason === "module_not_found" ? "module_not_found" : "syntax",
    message,
  };
}
