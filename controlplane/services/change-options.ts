import { traceHeaders } from "../../proto/rpc/trace.ts";

/** What the store takes with every change. */
export interface ChangeOptions {
  validateOnly?: boolean | undefined;
  /** W3C trace context that pushes of this change continue. */
  traceparent?: string | undefined;
}

/** The options of a change asked for in the active trace. */
export function changeOptions(request?: {
  validateOnly?: boolean;
}): ChangeOptions {
  return {
    validateOnly: request?.validateOnly,
    traceparent: traceHeaders()["traceparent"],
  };
}
