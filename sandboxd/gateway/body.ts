/** Reads a request's body up to a limit. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { AnnexError, type LimitHit } from "../../proto/errors.ts";

/** The whole body, or the limit it would pass; then the rest of it goes by unread. */
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
  let scraps = 0;
  return new Promise((resolve, reject) => {
    const stop = () => {
      request.off("data", take).off("end", end).off("close", close);
    };
    const take = (chunk: Buffer) => {
      observed += chunk.length;
      if (chunk.length < scrapBytes) scraps++;
      if (observed <= limit.value && scraps <= maxScraps) {
        chunks.push(chunk);
        return;
      }
      stop();
      if (observed > limit.value) resolve({ ...limit, observed });
      else reject(new AnnexError("invalid", tooCutUp));
    };
    const end = () => resolve(Buffer.concat(chunks, observed));
    const close = (cause?: unknown) =>
      reject(
        new AnnexError("cancelled", "the request ended before its body did", {
          cause,
        }),
      );
    // Its client may have gone before anybody listened.
    if (request.destroyed) close();
    request.on("error", close).once("close", close).once("end", end);
    request.on("data", take);
  });
}

/**
 * Each chunk costs the event loop some microseconds and a buffer of its own, however short it is, and a body of a megabyte
 * may come in a million of them.
 */
const scrapBytes = 32;
const maxScraps = 4096;
const tooCutUp = `the body comes in more than ${maxScraps} chunks of less than ${scrapBytes} bytes: send longer ones`;
