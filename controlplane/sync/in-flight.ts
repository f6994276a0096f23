/** The changes a host was sent and has not answered. */
import { randomUUID } from "node:crypto";
import { SpanStatusCode, trace, type Span } from "@opentelemetry/api";
import { contextOf } from "../../proto/rpc/trace.ts";
import type { Refusal } from "../../proto/gen/annex/sync/v1/sync.ts";
import type { ExtensionState } from "../domain/extension.ts";
import type { Change } from "../domain/history.ts";

/** So many bundles may be unanswered: the host checks each. What else changes waits, and collapses into its latest state. */
export const maxBundlesInFlight = 16;
/** So many extensions without their bundle may be unanswered; keys, revocations and containers always may. */
export const maxOthersInFlight = 1_024;

/** One change on its way. */
export interface Push {
  nonce: string;
  change: Change;
  /** Where an extension's state was sent. */
  state?: ExtensionState | undefined;
  /** Whether the bundle went with it. */
  hasBundle: boolean;
  /** From being sent to being answered; none where the change had no trace. */
  span: Span | undefined;
}

/** Changes by their nonce, at most one for each resource. */
export class InFlight {
  readonly #byNonce = new Map<string, Push>();
  readonly #names = new Set<string>();
  #bundles = 0;
  #others = 0;

  get size(): number {
    return this.#byNonce.size;
  }

  /** Whether an extension may be sent without its bundle. */
  get hasRoom(): boolean {
    return this.#others < maxOthersInFlight;
  }

  /** Whether a bundle may be sent. */
  get hasRoomForBundle(): boolean {
    return this.#bundles < maxBundlesInFlight;
  }

  /** Whether a change of that name is unanswered. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  add(push: Omit<Push, "nonce">): Push {
    const added = { ...push, nonce: randomUUID() };
    this.#byNonce.set(added.nonce, added);
    this.#names.add(push.change.name);
    this.#count(push, 1);
    return added;
  }

  /** Takes what a nonce answers; undefined for a stale one. */
  take(nonce: string, refusal?: Refusal): Push | undefined {
    const push = this.#byNonce.get(nonce);
    if (!push) return undefined;
    this.#byNonce.delete(nonce);
    this.#names.delete(push.change.name);
    this.#count(push, -1);
    // Not the message: it is the guest's.
    endSpan(push.span, refusal?.reason);
    return push;
  }

  /** The stream is over: nothing of it will be answered. */
  end(): void {
    for (const { span } of this.#byNonce.values())
      endSpan(span, "the stream ended before the host answered");
    this.#byNonce.clear();
    this.#names.clear();
    this.#bundles = 0;
    this.#others = 0;
  }

  #count({ change, hasBundle }: Omit<Push, "nonce">, by: 1 | -1): void {
    if (hasBundle) this.#bundles += by;
    else if (change.resource.kind === "extension") this.#others += by;
  }
}

/** Continues the trace of the transaction that made the change. */
export function startPushSpan(change: Change, host: string): Span | undefined {
  const { traceparent, name } = change;
  if (traceparent === undefined) return undefined;
  return trace
    .getTracer("annex")
    .startSpan(
      "push change",
      { attributes: { "annex.resource": name, "annex.host": host } },
      contextOf(new Map([["traceparent", traceparent]])),
    );
}

function endSpan(span: Span | undefined, fault: string | undefined): void {
  if (fault !== undefined)
    span?.setStatus({ code: SpanStatusCode.ERROR, message: fault });
  span?.end();
}
