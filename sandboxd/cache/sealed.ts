/** The form of a cached file: a first line with the SHA-256 of all that follows, so that damage is found before use. */
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";

// A new number whenever what is written changes its shape: files of another number are dropped and fetched again.
const mark = "annex-cache-1";
const headBytes = mark.length + 1 + 64 + 1;
const sliceBytes = 1024 * 1024;

/** The file for a content, in parts. */
export async function seal(
  content: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  const head = `${mark} ${await sha256(content)}\n`;
  return [Buffer.from(head, "latin1"), ...content];
}

/** The content of a file; undefined where it is torn, damaged or of another release. */
export async function unseal(file: Buffer): Promise<Buffer | undefined> {
  if (file.length < headBytes) return undefined;
  const head = file.toString("latin1", 0, headBytes);
  const content = file.subarray(headBytes);
  const expected = `${mark} ${await sha256([content])}\n`;
  return head === expected ? content : undefined;
}

/** SHA-256 in lower-case hex; a large content is hashed in slices, so that calls are answered in between. */
export async function sha256(content: readonly Uint8Array[]): Promise<string> {
  const hash = createHash("sha256");
  for (const part of content) {
    for (let start = 0; start < part.length; start += sliceBytes) {
      if (start > 0) await setImmediate();
      hash.update(part.subarray(start, start + sliceBytes));
    }
  }
  return hash.digest("hex");
}

/** A file name for any names: what customers choose never becomes a path. */
export function fileNameOf(...names: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(names)).digest("hex");
}
