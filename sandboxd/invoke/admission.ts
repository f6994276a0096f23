/** Which calls are let in: what is malformed or too large is refused before it costs anything; turns.ts refuses too many. */
import { AnnexError, type CallFailure } from "../../proto/errors.ts";
import type { InvokeRequest } from "../../proto/gen/annex/invoke/v1/invoke.ts";

/** Why a call with so large a payload is refused; undefined: it is not. */
export function payloadRefusal(
  { payload }: InvokeRequest,
  maxPayloadBytes: number,
): CallFailure | undefined {
  if (payload.length <= maxPayloadBytes) return undefined;
  return overLimit(
    "payload_size",
    "payload_bytes",
    maxPayloadBytes,
    payload.length,
  );
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
