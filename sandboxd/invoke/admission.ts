/** Which calls are let in: what is malformed, too large, or too many is refused before it costs anything. */
import { AnnexError, type CallFailure } from "../../proto/errors.ts";
import type { InvokeRequest } from "../../proto/gen/annex/invoke/v1/invoke.ts";

export interface AdmissionLimits {
  maxPayloadBytes: number;
  /** Calls of one container that run at once on this host. */
  maxRunningCalls: number;
  /** Calls of one container that wait for their turn; more are refused. */
  maxQueuedCalls: number;
}

/** Counts the open calls of each container. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #open = new Map<string, number>();

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Why the call is refused; undefined lets it in, and `leave` must follow. Throws `invalid` on a malformed request. */
  enter(request: InvokeRequest): CallFailure | undefined {
    const { maxPayloadBytes, maxRunningCalls, maxQueuedCalls } = this.#limits;
    const maxOpenCalls = maxRunningCalls + maxQueuedCalls;
    if (request.payload.length > maxPayloadBytes)
      return overLimit(
        "payload_size",
        "payload_bytes",
        maxPayloadBytes,
        request.payload.length,
      );
    const open = this.#open.get(request.container) ?? 0;
    if (open >= maxOpenCalls)
      return overLimit("concurrency", "queued_calls", maxOpenCalls, open + 1);
    this.#open.set(request.container, open + 1);
    return undefined;
  }

  leave(container: string): void {
    const open = (this.#open.get(container) ?? 1) - 1;
    if (open === 0) this.#open.delete(container);
    else this.#open.set(container, open);
  }
}

/** Of a request's names, trace context, request line and headers together. */
const maxFieldChars = 256 * 1024;
const maxNameChars = 256;

/** Throws `invalid` where a request cannot mean anything. */
export function checkRequest(request: InvokeRequest, hasSource: boolean): void {
  if (request.container === "")
    throw new AnnexError(
      "invalid",
      "container is empty: name the container whose code is to run",
    );
  checkLengths(request);
  if (hasSource) return;
  if (!request.target || request.target.value === "")
    throw new AnnexError(
      "invalid",
      "target is empty: name an extension or a point",
    );
}

export function overLimit(
  reason: "payload_size" | "concurrency",
  name: string,
  value: number,
  observed: number,
): CallFailure {
  return {
    reason,
    message: `${name} is ${observed}; at most ${value} are let in`,
    limit: { name, value, observed },
  };
}

function checkLengths({
  container,
  target,
  contentType,
  traceparent,
  tracestate,
  caller,
  http,
}: InvokeRequest): void {
  for (const name of [container, target?.value ?? "", caller])
    if (name.length > maxNameChars)
      throw new AnnexError(
        "invalid",
        `a name has ${name.length} characters; at most ${maxNameChars} are taken`,
      );
  let chars = contentType.length + traceparent.length + tracestate.length;
  if (http) {
    chars += http.method.length + http.path.length + http.query.length;
    for (const { name, value } of http.headers)
      chars += name.length + value.length;
  }
  if (chars > maxFieldChars)
    throw new AnnexError(
      "invalid",
      `content type, trace context, request line and headers have ${chars} characters; at most ${maxFieldChars} are taken`,
    );
}
