/** The changes a host was sent and has not answered. */
import { randomUUID } from "node:crypto";
import { SpanStatusCode, trace, type Span } from "@opentelemetry/api";
import { contextOf } from "../../proto/rpc/trace.ts";
import type { Refusal } from "../../proto/gen/annex/sync/v1/sync.ts";
import type { ExtensionState } from "../domain/extension.ts";
import type { Change } from "../domain/history.ts";

/** So many changes may be unanswered; what else changes waits, and collapses into its latest state. */
export const maxInFlight = 16;

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

  get size(): number {
    return this.#byNonce.size;
  }

  get isFull(): boolean {
    return this.#byNonce.size >= maxInFlight;
  }

  /** Whether a change of that name is unanswered. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  add(push: Omit<Push, "nonce">): Push {
    const added = { ...push, nonce: randomUUID() };
    this.#byNonce.set(added.nonce, added);
    this.#names.add(push.change.name);
    return added;
  }

  /** Takes what a nonce answers; undefined for a stale one. */
  take(nonce: string, refusal?: Refusal): Push | undefined {
    const push = this.#byNonce.get(nonce);
    if (!push) return undefined;
    this.#byNonce.delete(nonce);
    this.#names.delete(push.change.name);
    endSpan(push.span, refusal && `${refusal.reason}: ${refusal.message}`);
    return push;
  }

  /** The stream is over: nothing of it will be answered. */
  end(): void {
    for (const { span } of this.#byNonce.values())
      endSpan(span, "the stream ended before the host answered");
    this.#byNonce.clear();
    this.#names.clear();
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
