/** Applies one change, whatever it is about, under a span of the trace that made it. */
import {
  type Attributes,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import {
  type Change,
  type ExtensionState,
  type Held,
  HeldState,
} from "../../proto/gen/annex/sync/v1/sync.ts";
import { Applier, type Outcome } from "./apply.ts";
import type {
  ExtensionEntry,
  HistoryPosition,
  SyncDependencies,
} from "./dependencies.ts";
import { definite, type Fault } from "./faults.ts";
import {
  containerOf,
  egressOf,
  entryOf,
  heldOf,
  keysOf,
  pointLimitsOf,
  quarantinedOf,
} from "./messages.ts";
import { releaseQuarantines } from "./quarantine.ts";
import type { Warmth } from "./warmth.ts";
import { Writes } from "./writes.ts";

/** What became of a change, with what the acknowledgement tells. */
export interface Applied extends Outcome {
  held?: Held;
}

/** What a change comes with beside itself. */
export interface Arrival {
  position: HistoryPosition;
  /** What was wrong with the bundle that came for it. */
  storeFault: Promise<Fault | undefined>;
}

type Dependencies = Pick<
  SyncDependencies,
  "catalog" | "checkVersion" | "warm" | "log"
> & { runtimes: readonly string[]; warmth: Warmth; signal: AbortSignal };

/** Applies changes; of one resource one at a time, please. */
export class Changes {
  readonly #deps: Dependencies;
  readonly #writes = new Writes();
  readonly #applier: Applier;

  constructor(dependencies: Dependencies) {
    this.#deps = dependencies;
    this.#applier = new Applier({ ...dependencies, writes: this.#writes });
  }

  /** Applies a change. Rejects only for a bug of ours. */
  apply(change: Change, arrival: Arrival): Promise<Applied> {
    const { traceparent } = change;
    const parent = propagation.extract(ROOT_CONTEXT, { traceparent });
    return trace
      .getTracer("annex")
      .startActiveSpan(
        "sync apply",
        { kind: SpanKind.CONSUMER, attributes: attributesOf(change) },
        parent,
        (span) => this.#applyWithin(span, change, arrival),
      );
  }

  /** Removes an extension that the control plane no longer names. */
  async removeExtension(container: string, name: string): Promise<Applied> {
    const { catalog } = this.#deps;
    const isDurable = await this.#writes.all([
      () => catalog.removeExtension(container, name),
    ]);
    return { isDurable };
  }

  /** Removes a container that the control plane no longer names. */
  async removeContainer(name: string): Promise<Applied> {
    const { catalog } = this.#deps;
    return this.#write(() => catalog.removeContainer(name));
  }

  /** Forgets a point that the control plane no longer names. */
  removePoint(point: string): Promise<Applied> {
    return this.#write(() => this.#deps.catalog.removePoint(point));
  }

  /** Sets the platform's egress, of which the control plane says nothing, to what says nothing. */
  removeEgress(): Promise<Applied> {
    const nothing = { internalHosts: [], deny: [], proxies: [] };
    return this.#write(() => this.#deps.catalog.putEgress(nothing));
  }

  async #applyWithin(
    span: Span,
    change: Change,
    arrival: Arrival,
  ): Promise<Applied> {
    try {
      const applied = await this.#applyResource(change, arrival);
      const { refusal } = applied;
      span.setAttribute("annex.outcome", refusal?.reason ?? "applied");
      if (refusal)
        span.setStatus({
          code: SpanStatusCode.ERROR,
          message: refusal.message,
        });
      return applied;
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: "internal" });
      throw error;
    } finally {
      span.end();
    }
  }

  #applyResource(
    { resource }: Change,
    arrival: Arrival,
  ): Promise<Applied> | Applied {
    const { catalog } = this.#deps;
    switch (resource?.$case) {
      case "extension":
        return this.#applyExtension(resource.value, arrival);
      case "removedExtension":
        return this.removeExtension(
          resource.value.container,
          resource.value.extension,
        );
      case "keys":
        return this.#applyKeys(resource.value.jwks);
      case "revocations": {
        const tokens = resource.value.tokens.map(({ jti, expiresAtS }) => ({
          jti,
          expiresAtS: Number(expiresAtS),
        }));
        return this.#write(() => catalog.putRevocations(tokens));
      }
      case "container":
        return this.#write(() =>
          catalog.putContainer(containerOf(resource.value)),
        );
      case "removedContainer":
        return this.removeContainer(resource.value.container);
      case "point":
        return this.#write(() =>
          catalog.putPoint(resource.value.point, pointLimitsOf(resource.value)),
        );
      case "removedPoint":
        return this.removePoint(resource.value.point);
      case "egress":
        return this.#write(() => catalog.putEgress(egressOf(resource.value)));
      case undefined:
      default:
        return refusedAs("unknown", "this host does not know such a change");
    }
  }

  async #applyExtension(
    state: ExtensionState,
    { position, storeFault }: Arrival,
  ): Promise<Applied> {
    const { version } = state;
    if (!version) return this.removeExtension(state.container, state.extension);
    const next = entryOf(state, version, position);
    const isReleased = await this.#writes.all(
      releaseQuarantines(next, this.#deps),
    );
    const outcome = await this.#applier.apply(next, await storeFault);
    const isDurable = outcome.isDurable && isReleased;
    const { refusal, isWarm } = outcome;
    if (isWarm !== undefined)
      this.#deps.warmth.note(state, version.number, isWarm);
    const held = refusal
      ? heldOf(state, version.number, HeldState.REFUSED, refusal)
      : this.#servingOf(next);
    return { ...outcome, isDurable, held };
  }

  /** How far the host is with a version that it has taken over. */
  #servingOf(entry: ExtensionEntry): Held {
    const { container, extension, version } = entry;
    const quarantined = this.#deps.catalog
      .quarantines(container, extension)
      .find((one) => one.version.digest === version.digest);
    if (quarantined)
      return quarantinedOf(entry, version.number, quarantined.message);
    const reached = this.#deps.warmth.stateOf(entry, version.number);
    return heldOf(entry, version.number, reached);
  }

  #applyKeys(jwks: string): Promise<Applied> | Applied {
    const keys = keysOf(jwks);
    if (!keys) return refusedAs("invalid", "this is no set of keys");
    return this.#write(() => this.#deps.catalog.putKeys(keys));
  }

  async #write(write: () => Promise<void>): Promise<Applied> {
    return { isDurable: await this.#writes.all([write]) };
  }
}

function refusedAs(reason: string, message: string): Applied {
  return { refusal: definite(reason, message).refusal, isDurable: true };
}

function attributesOf({ resource }: Change): Attributes {
  const about = resource?.value;
  return {
    "annex.resource": resource?.$case,
    ...(about &&
      "container" in about && { "annex.container": about.container }),
    ...(about &&
      "extension" in about && { "annex.extension": about.extension }),
  };
}
