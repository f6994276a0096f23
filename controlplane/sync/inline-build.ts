/** Builds code that came with a request: one text, of which nobody says in what language it is. */
import { AnnexError } from "../../proto/errors.ts";
import { bufferOf } from "../../proto/rpc/bytes.ts";
import type {
  BuildResponse,
  BuiltBundle,
  Refusal,
} from "../../proto/gen/annex/sync/v1/sync.ts";
import type { Bundle, SourceFile } from "../domain/version.ts";

/** The most source that is built for a request. */
export const maxInlineSourceBytes = 1024 * 1024;

/** Builds a source; refuses one that does not build with `invalid` and file:line:column. */
export type BuildSource = (
  source: { files: SourceFile[]; entry: string },
  options: { signal: AbortSignal },
) => Promise<Bundle>;

/** Tries the text as JavaScript, then as TypeScript; its author is told by the language that understood more of it. */
export async function buildInline(
  build: BuildSource,
  source: string,
  { signal }: { signal: AbortSignal },
): Promise<NonNullable<BuildResponse["outcome"]>> {
  const content = Buffer.from(source);
  if (content.length > maxInlineSourceBytes)
    throw new AnnexError(
      "exhausted",
      `too large: ${content.length} bytes, and the limit source_bytes is ${maxInlineSourceBytes}`,
    );
  const refusals: Refusal[] = [];
  for (const path of ["index.js", "index.ts"]) {
    try {
      const files = [{ path, content }];
      const bundle = await build({ files, entry: path }, { signal });
      return { $case: "bundle", value: wireOf(bundle) };
    } catch (thrown) {
      refusals.push(refusalOf(thrown));
    }
  }
  const [furthest] = refusals.toSorted(
    (a, b) => b.line - a.line || b.column - a.column,
  );
  if (!furthest) throw new AnnexError("internal", "neither built nor refused");
  return { $case: "refusal", value: furthest };
}

/** Why a source did not build, for its author; throws what is not the author's fault. */
function refusalOf(thrown: unknown): Refusal {
  if (!(thrown instanceof AnnexError) || thrown.code !== "invalid")
    throw thrown;
  const { message } = thrown;
  const place = /^([^\s:]+):(\d+):(\d+): /.exec(message);
  const [, file = "", line = 0, column = 0] = place ?? [];
  const isModule = message.includes("cannot find module");
  return {
    reason: isModule ? "module_not_found" : "syntax",
    message,
    file,
    line: Number(line),
    column: Number(column),
  };
}

function wireOf({ digest, runtime, content, sourceMap }: Bundle): BuiltBundle {
  return {
    digest,
    runtime,
    content: bufferOf(content),
    sourceMap: bufferOf(sourceMap),
  };
}
