/** Reads a request's body up to a limit. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AnnexError, type LimitHit } from "../../proto/errors.ts";

/** The whole body, or the limit it would pass; then the rest of it is left unread. */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  limit: { name: string; value: number },
): Promise<Buffer | LimitHit> {
  const announcedBytes = Number(request.headers["content-length"] ?? 0);
  if (announcedBytes > limit.value)
    return { ...limit, observed: announcedBytes };
  if (request.headers.expect !== undefined) response.writeContinue();
  const chunks: Buffer[] = [];
  let observed = 0;
  try {
    const unread: AsyncIterable<Buffer> = request.iterator({
      destroyOnReturn: false,
    });
    for await (const chunk of unread) {
      observed += chunk.length;
      if (observed > limit.value) return { ...limit, observed };
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new AnnexError("cancelled", "the request ended before its body did", {
      cause,
    });
  }
  return Buffer.concat(chunks, observed);
}
