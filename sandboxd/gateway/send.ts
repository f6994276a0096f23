/** Puts an answer on the connection. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpAnswer } from "./answer.ts";
import type { GatewayLimits } from "./limits.ts";

export interface Sending {
  request: IncomingMessage;
  response: ServerResponse;
  answer: HttpAnswer;
  limits: GatewayLimits;
  /** The connection ends with this answer. */
  isLast: boolean;
}

/** Resolves when the answer is handed to the connection; whoever does not read it is cut off. */
export async function sendAnswer(sending: Sending): Promise<void> {
  const { request, response, answer, limits } = sending;
  if (response.destroyed) return;
  const isCutOff = hasUnwantedBody(request, limits.maxDiscardBytes);
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers)
    response.appendHeader(name, value);
  if (tellsLength(request, answer))
    response.setHeader("content-length", answer.body.length);
  if (isCutOff || sending.isLast) response.setHeader("connection", "close");
  response.setTimeout(limits.answerIdleTimeoutMs);
  if (isCutOff) {
    response.write(answer.body);
    await discardBody(request, limits);
    response.end();
  } else response.end(answer.body);
}

/** A body still to come that Node should not read to its end, as it does to keep the connection for the next request. */
function hasUnwantedBody(
  { complete, headers }: IncomingMessage,
  maxBytes: number,
): boolean {
  if (complete) return false;
  if (headers["transfer-encoding"] !== undefined) return true;
  const bytes = Number(headers["content-length"] ?? 0);
  return bytes > maxBytes || (bytes > 0 && headers.expect !== undefined);
}

/** An answer that never has a body must not say 0 of the body it would have had. */
function tellsLength(request: IncomingMessage, answer: HttpAnswer): boolean {
  if (answer.status === 204 || answer.status === 304) return false;
  return request.method !== "HEAD" || answer.body.length > 0;
}

/** What reading one costs beside its bytes. */
const chunkCostBytes = 128;

/**
 * Reads and forgets what the client is still sending: closing at once would reset the connection, and the client might
 * never see the answer.
 */
async function discardBody(
  request: IncomingMessage,
  { maxDiscardBytes, maxDiscardMs }: GatewayLimits,
): Promise<void> {
  // It waits for our word before it sends.
  if (request.headers.expect !== undefined) return;
  await new Promise<void>((resolve) => {
    let restBytes = maxDiscardBytes;
    const timer = setTimeout(resolve, maxDiscardMs);
    request.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
    request.once("end", resolve);
    request.on("data", (chunk: Buffer) => {
      restBytes -= chunk.length + chunkCostBytes;
      if (restBytes >= 0) return;
      request.pause();
      resolve();
    });
  });
}
