/** An author's source → one self-contained CommonJS script with its source map. Nothing of the source ever runs here. */
import { createHash } from "node:crypto";
import { bundle, type BundledSource } from "./bundle.ts";
import { layOut } from "./layout.ts";
import { lowered, needsLowering } from "./lower.ts";
import { needsPrelude, preludeFor } from "./prelude.ts";
import {
  isVerbatim,
  scriptParser,
  withReturnAsExport,
  type MappedScript,
  type ParseScript,
} from "./script.ts";
import { checkedFiles, entryAmong, type SourceFile } from "./source.ts";
import { withinTime } from "./time-limit.ts";

/** What an author wrote: files by their path relative to the source's root, with forward slashes. */
export interface Source {
  files: SourceFile[];
  /** The file to start from; empty for the only file, package.json's main, or index. */
  entry: string;
}

/** One immutable build of a source. */
export interface Bundle {
  content: Uint8Array;
  /** Its `sources` are the author's paths. */
  sourceMap: Uint8Array;
  /** SHA-256 of the content, lower-case hex. */
  digest: string;
  /** The language surface it relies on. */
  runtime: string;
  /** The file that was started from. */
  entry: string;
}

/** What a build may be told. */
export interface BuildOptions {
  /** The limit `build_time`. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** The runtime that bundles are built for. */
export const runtime = "2026.1";

/** The longest a build may take. */
export const buildTimeoutMs = 15_000;

/** Builds a source; one that does not build is refused with `invalid` and a message that begins with file:line:column. */
export async function build(
  source: Source,
  { timeoutMs = buildTimeoutMs, signal }: BuildOptions = {},
): Promise<Bundle> {
  const files = checkedFiles(source.files);
  const entry = entryAmong(files, source.entry);
  await using layout = await layOut(files);
  const { root } = layout;
  const parseScript = scriptParser();
  const limit = { timeoutMs, signal };
  const bundled = await bundle({ root, files, entry, parseScript, ...limit });
  const script = (await verbatim(bundled, files, parseScript)) ?? bundled;
  const runnable = needsLowering(script)
    ? await withinTime(limit, (ended) => lowered(script, ended))
    : script;
  const isAuthors = script !== bundled;
  return bundleOf(runnable, { entry: bundled.entry, isAuthors });
}

/** A lone CommonJS file stays as its author wrote it, so that what runs is what they read. */
async function verbatim(
  { entry, inputs }: BundledSource,
  files: ReadonlyMap<string, string>,
  parseScript: ParseScript,
): Promise<MappedScript | undefined> {
  const text = files.get(entry) ?? "";
  const script = isVerbatim(entry, text, inputs)
    ? parseScript(text)
    : undefined;
  if (!script) return undefined;
  const prelude = needsPrelude(text)
    ? await preludeFor(entry, { inputs, files })
    : "";
  return withReturnAsExport(entry, text, script, prelude);
}

function bundleOf(
  script: MappedScript,
  { entry, isAuthors }: { entry: string; isAuthors: boolean },
): Bundle {
  const { code, map } = isAuthors ? script : namingItsMap(script);
  const content = Buffer.from(code);
  return {
    content,
    sourceMap: Buffer.from(map),
    digest: createHash("sha256").update(content).digest("hex"),
    runtime,
    entry,
  };
}

/** Bundles are kept by their digest, and the same code can come of sources that differ in where it stands. */
function namingItsMap({ code, map }: MappedScript): MappedScript {
  const digest = createHash("sha256").update(map).digest("hex");
  return { code: `${code}// source map ${digest}\n`, map };
}
