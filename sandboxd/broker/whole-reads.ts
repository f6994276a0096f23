/**
 * Body bytes as they were read, not as the other side cut them: a chunk of one byte would cost a buffer of its own, and keep
 * the whole read that it lay in, however few bytes a body may have waiting.
 */
import type { Dispatcher } from "undici";

/** For an agent of undici. */
export const wholeReads: Dispatcher.DispatcherComposeInterceptor =
  (dispatch) => (options, handler) =>
    dispatch(options, gathering(handler));

function gathering(
  handler: Dispatcher.DispatchHandler,
): Dispatcher.DispatchHandler {
  let chunks: Buffer[] = [];
  const flush = (controller: Dispatcher.DispatchController) => {
    if (chunks.length === 0) return;
    const bytes = Buffer.concat(chunks);
    chunks = [];
    handler.onResponseData?.(controller, bytes);
  };
  return {
    onRequestStart: (...news) => handler.onRequestStart?.(...news),
    onRequestUpgrade: (...news) => handler.onRequestUpgrade?.(...news),
    onResponseStart: (...news) => handler.onResponseStart?.(...news),
    onResponseData: (controller, chunk) => {
      // A read is parsed in one go.
      if (chunks.length === 0) queueMicrotask(() => flush(controller));
      chunks.push(chunk);
    },
    onResponseEnd: (controller, trailers) => {
      flush(controller);
      handler.onResponseEnd?.(controller, trailers);
    },
    onResponseError: (controller, error) => {
      chunks = [];
      handler.onResponseError?.(controller, error);
    },
  };
}
