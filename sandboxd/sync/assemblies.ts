/** Puts bundles together that came in chunks. */
import type { BundleChunk } from "../../proto/gen/annex/sync/v1/sync.ts";

const maxAssemblies = 2;
const maxAssemblyBytes = 40 * 1024 * 1024;
const nothing = Buffer.alloc(0);

/** What came of a bundle: its content, or what was wrong with it. */
export type Assembled = { content: Buffer } | { fault: string };

interface Assembly {
  content: Buffer;
  receivedBytes: number;
  fault?: string;
}

/** The bundles of one stream that are on their way. */
export class Assemblies {
  readonly #open = new Map<string, Assembly>();

  /** Adds a chunk to its bundle; where too many bundles are open the oldest is given up. */
  add(chunk: BundleChunk): void {
    const assembly = this.#open.get(chunk.digest) ?? this.#begin(chunk);
    if (assembly.fault !== undefined) return;
    const start = Number(chunk.offset);
    const end = start + chunk.content.length;
    if (start !== assembly.receivedBytes || end > assembly.content.length) {
      assembly.fault = "its chunks came out of order";
      assembly.content = nothing;
      return;
    }
    assembly.content.set(chunk.content, start);
    assembly.receivedBytes = end;
  }

  /** Takes a bundle out; undefined where no chunk of it came. */
  take(digest: string): Assembled | undefined {
    const assembly = this.#open.get(digest);
    if (!assembly) return undefined;
    this.#open.delete(digest);
    const { content, receivedBytes, fault } = assembly;
    if (fault !== undefined) return { fault };
    if (receivedBytes === content.length) return { content };
    return { fault: `${receivedBytes} of ${content.length} bytes came` };
  }

  #begin({ digest, totalBytes }: BundleChunk): Assembly {
    const [oldest] = this.#open.keys();
    if (oldest !== undefined && this.#open.size >= maxAssemblies)
      this.#open.delete(oldest);
    const assembly: Assembly = { content: nothing, receivedBytes: 0 };
    if (totalBytes <= maxAssemblyBytes)
      assembly.content = Buffer.allocUnsafe(Number(totalBytes));
    else
      assembly.fault = `${totalBytes} bytes are over the limit of ${maxAssemblyBytes}`;
    this.#open.set(digest, assembly);
    return assembly;
  }
}
