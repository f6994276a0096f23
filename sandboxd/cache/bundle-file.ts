/** What is inside a sealed bundle file: a line of JSON, the bundle, its source map. */
import type { InlineBundle } from "./catalog.ts";

const newline = 10;

interface Head {
  bundleBytes: number;
  /** Empty where the entry that names the bundle knows it. */
  runtime: string;
}

/** The parts of a file's content. */
export function contentOf(
  head: Head,
  bundle: Buffer,
  sourceMap: Buffer,
): Buffer[] {
  return [Buffer.from(`${JSON.stringify(head)}\n`), bundle, sourceMap];
}

/** The bundle in a content that was unsealed. */
export function bundleOf(content: Buffer): InlineBundle {
  const end = content.indexOf(newline);
  const json = content.toString("utf8", 0, end);
  const head: Head = JSON.parse(json); // sealed, so contentOf wrote it
  return { ...head, content: content.subarray(end + 1) };
}
