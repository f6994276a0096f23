/** Bundles on their way to hosts: read once for many streams, and cut where they are large. */
import { LRUCache } from "lru-cache";
import { bufferOf } from "../../proto/rpc/bytes.ts";
import type { BundleChunk } from "../../proto/gen/annex/sync/v1/sync.ts";
import type { SentBundle } from "./resources.ts";

/** Bundle and source map up to this go inside the change; larger ones in chunks of this size before it. */
export const maxInlineBytes = 2 * 1024 * 1024;
/** So much of what was sent lately stays in memory, for the other hosts that will ask for it. */
export const bundleCacheBytes = 64 * 1024 * 1024;

/** Reads a bundle by its digest. */
export type ReadBundle = (digest: string) => Promise<SentBundle | undefined>;

/** Reads each bundle once for all the hosts that need it about now. */
export function sharedBundles(read: ReadBundle): ReadBundle {
  const cache = new LRUCache<string, SentBundle>({
    maxSize: bundleCacheBytes,
    sizeCalculation: (bundle) => bytesOf(bundle) + 1,
    fetchMethod: (digest) => read(digest),
  });
  return (digest) => cache.fetch(digest);
}

/** Whether a bundle fits into its change. */
export function isInline(bundle: SentBundle): boolean {
  return bytesOf(bundle) <= maxInlineBytes;
}

/** A bundle followed by its source map, in parts. */
export function* chunksOf(
  digest: string,
  { content, sourceMap }: SentBundle,
): Generator<BundleChunk> {
  const totalBytes = BigInt(content.length + sourceMap.length);
  let offset = 0;
  for (const part of [content, sourceMap]) {
    for (let at = 0; at < part.length; at += maxInlineBytes) {
      const slice = bufferOf(part.subarray(at, at + maxInlineBytes));
      yield { digest, offset: BigInt(offset), totalBytes, content: slice };
      offset += slice.length;
    }
  }
}

function bytesOf({ content, sourceMap }: SentBundle): number {
  return content.length + sourceMap.length;
}
