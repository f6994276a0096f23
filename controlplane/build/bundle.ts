/** esbuild, with nothing of this machine in reach: one call of it, bounded in time. */
import * as esbuild from "esbuild";
import { AnnexError } from "../../proto/errors.ts";
import { authorsError, isBuildFailure } from "./refusal.ts";
import type { ParseScript } from "./script.ts";
import { withinSource } from "./within-source.ts";

/** What is bundled, from where. */
export interface BundleInput {
  /** The laid-out folder. */
  root: string;
  files: ReadonlyMap<string, string>;
  /** Undefined: package.json's main, or index. */
  entry: string | undefined;
  timeoutMs: number;
  signal: AbortSignal | undefined;
  parseScript: ParseScript;
}

/** esbuild's answer. */
export interface BundledSource {
  code: string;
  map: string;
  entry: string;
  inputs: esbuild.Metafile["inputs"];
}

/** Bundles a laid-out source into one CommonJS script. */
export async function bundle(input: BundleInput): Promise<BundledSource> {
  try {
    return await bundleOnce(input);
  } catch (thrown) {
    if (!isServiceLost(thrown)) throw thrown;
    // esbuild's process was killed, and esbuild does not start another by itself.
    await esbuild.stop();
    return await bundleAgain(input);
  }
}

/** A source that costs esbuild its process twice is why it went: its parser knows no limit but its stack's. */
async function bundleAgain(input: BundleInput): Promise<BundledSource> {
  try {
    return await bundleOnce(input);
  } catch (thrown) {
    if (!isServiceLost(thrown)) throw thrown;
    await esbuild.stop();
    throw new AnnexError("invalid", "the source is nested too deeply", {
      cause: thrown,
    });
  }
}

async function bundleOnce(input: BundleInput): Promise<BundledSource> {
  const context = await esbuild.context(optionsOf(input));
  try {
    return bundledOf(await bounded(context, input));
  } catch (thrown) {
    throw isBuildFailure(thrown) ? authorsError(thrown, input.root) : thrown;
  } finally {
    await context.dispose();
  }
}

function optionsOf({ root, files, entry, parseScript }: BundleInput) {
  return {
    absWorkingDir: root,
    // With a trailing slash the resolver looks for package.json's main, then for index.
    entryPoints: [entry === undefined ? "./" : `./${entry}`],
    outfile: "bundle.js",
    write: false,
    bundle: true,
    format: "cjs",
    // Node's builtins stay `require`s, which the sandbox's runtime answers.
    platform: "node",
    target: "esnext",
    charset: "utf8",
    resolveExtensions: [
      ".ts",
      ".mts",
      ".cts",
      ".tsx",
      ".js",
      ".mjs",
      ".cjs",
      ".jsx",
      ".json",
    ],
    nodePaths: [],
    // Given, so that no tsconfig.json is looked for, here or in the folders above.
    tsconfigRaw: "{}",
    sourcemap: "external",
    sourcesContent: false,
    legalComments: "none",
    metafile: true,
    logLevel: "silent",
    plugins: [withinSource(root, files, parseScript)],
  } as const satisfies esbuild.BuildOptions;
}

type Options = ReturnType<typeof optionsOf>;

async function bounded(
  context: esbuild.BuildContext<Options>,
  { timeoutMs, signal }: BundleInput,
): Promise<esbuild.BuildResult<Options>> {
  if (signal?.aborted) throw givenUp();
  const timeout = AbortSignal.timeout(timeoutMs);
  const ended = AbortSignal.any(signal ? [timeout, signal] : [timeout]);
  const cancel = () => void context.cancel();
  ended.addEventListener("abort", cancel, { once: true });
  try {
    return await context.rebuild();
  } catch (thrown) {
    if (signal?.aborted) throw givenUp();
    if (!timeout.aborted) throw thrown;
    throw new AnnexError(
      "invalid",
      `the source took longer to build than the limit build_time of ${timeoutMs} ms; make it smaller`,
    );
  } finally {
    ended.removeEventListener("abort", cancel);
  }
}

function givenUp(): AnnexError {
  return new AnnexError("cancelled", "the build was given up");
}

function bundledOf({
  outputFiles,
  metafile,
}: esbuild.BuildResult<Options>): BundledSource {
  const code = outputFiles.find((file) => file.path.endsWith(".js"));
  const map = outputFiles.find((file) => file.path.endsWith(".map"));
  const entry = Object.values(metafile.outputs).find(
    (output) => output.entryPoint,
  )?.entryPoint;
  if (!code || !map || !entry) throw new Error("esbuild gave no bundle");
  return {
    code: asStrict(code.text, metafile.inputs),
    map: map.text,
    entry,
    inputs: metafile.inputs,
  };
}

/** ES modules are strict by definition; CommonJS is not, and one script can only be the one or the other. */
function asStrict(code: string, inputs: esbuild.Metafile["inputs"]): string {
  const files = Object.entries(inputs).filter(
    ([name]) => !name.endsWith(".json"),
  );
  const allModules = files.every(([, input]) => input.format === "esm");
  // The first line is a comment or a helper of esbuild's: the source map has nothing on it that could move.
  return allModules ? `"use strict"; ${code}` : code;
}

function isServiceLost(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    /^The service (was stopped|is no longer running)/.test(thrown.message)
  );
}
