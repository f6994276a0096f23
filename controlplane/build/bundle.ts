/** esbuild, with nothing of this machine in reach: one call of it, bounded in time. */
import * as esbuild from "esbuild";
import { AnnexError } from "../../proto/errors.ts";
import { refuseAwaitedRequires } from "./awaited-requires.ts";
import { finishedBeside } from "./finish-thread.ts";
import { planAfter, planOf, type Plan } from "./plan.ts";
import {
  behind,
  needsPrelude,
  preludeDefines,
  preludeFor,
  withPreludesModules,
} from "./prelude.ts";
import { authorsError, isBuildFailure } from "./refusal.ts";
import type { ParseScript } from "./script.ts";
import { withinTime, type TimeLimit } from "./time-limit.ts";
import { ownNamespace, withinSource } from "./within-source.ts";

/** What is bundled, from where. */
export interface BundleInput extends TimeLimit {
  /** The laid-out folder. */
  root: string;
  files: ReadonlyMap<string, string>;
  /** Undefined: package.json's main, or index. */
  entry: string | undefined;
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

function bundleOnce(input: BundleInput): Promise<BundledSource> {
  return withinTime(input, (ended) => bundleUntil(ended, input));
}

/** Most sources are bundled once; again where the first time tells that more is wanted. */
async function bundleUntil(
  ended: AbortSignal,
  input: BundleInput,
): Promise<BundledSource> {
  const attempt = (plan: Plan) => bundleAs(input, plan, ended);
  try {
    const { plan, first } = await firstOf(attempt, input);
    const endings = planOf(first.metafile.inputs, input.files);
    const result = endings ? await attempt({ ...plan, endings }) : first;
    return await bundledOf(result, { input, plan, ended });
  } catch (thrown) {
    throw isBuildFailure(thrown) ? authorsError(thrown, input) : thrown;
  }
}

async function bundleAs(
  input: BundleInput,
  plan: Plan,
  ended: AbortSignal,
): Promise<esbuild.BuildResult<Options>> {
  const context = await esbuild.context(optionsOf(input, plan));
  const cancel = () => void context.cancel();
  try {
    ended.throwIfAborted();
    ended.addEventListener("abort", cancel, { once: true });
    return await context.rebuild();
  } catch (thrown) {
    // What was cancelled says nothing of the source.
    ended.throwIfAborted();
    throw thrown;
  } finally {
    ended.removeEventListener("abort", cancel);
    await context.dispose();
  }
}

/** Once as it is; what esbuild refuses and we know a way around is bundled again, that way. */
async function firstOf(
  attempt: (plan: Plan) => Promise<esbuild.BuildResult<Options>>,
  { files }: BundleInput,
) {
  let plan: Plan = { isAsync: false, endings: new Map(), absent: new Set() };
  for (;;) {
    try {
      return { plan, first: await attempt(plan) };
    } catch (thrown) {
      const next = planAfter(plan, thrown, files);
      if (!next) throw thrown;
      plan = next;
    }
  }
}

function optionsOf(
  { root, files, entry, parseScript }: BundleInput,
  plan: Plan,
) {
  return {
    absWorkingDir: root,
    // With a trailing slash the resolver looks for package.json's main, then for index.
    entryPoints: [entry === undefined ? "./" : `./${entry}`],
    outfile: "bundle.js",
    write: false,
    bundle: true,
    format: plan.isAsync ? "esm" : "cjs",
    define: preludeDefines,
    // An isolate has no `import()`; `require` does it.
    supported: { "dynamic-import": false },
    // Node's builtins stay `require`s, which the sandbox's runtime answers.
    platform: "node",
    external: unknownBuiltins,
    target: "esnext",
    charset: "utf8",
    // What it says of names that are kept anyway is taken out again.
    keepNames: true,
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
    plugins: [withinSource({ root, files, parseScript, plan })],
  } as const satisfies esbuild.BuildOptions;
}

/** Of Node's builtins those that esbuild's platform does not name. */
const unknownBuiltins = ["inspector/promises", "readline/promises"];

type Options = ReturnType<typeof optionsOf>;

async function bundledOf(
  { outputFiles, metafile }: esbuild.BuildResult<Options>,
  how: { input: BundleInput; plan: Plan; ended: AbortSignal },
): Promise<BundledSource> {
  const { ended, plan, input } = how;
  const { isAsync } = plan;
  const { files } = input;
  const code = outputFiles.find((file) => file.path.endsWith(".js"));
  const map = outputFiles.find((file) => file.path.endsWith(".map"));
  const entry = Object.values(metafile.outputs).find(
    (output) => output.entryPoint,
  )?.entryPoint;
  if (!code || !map || !entry) throw new Error("esbuild gave no bundle");
  const inputs = Object.fromEntries(
    Object.entries(metafile.inputs).filter(
      ([name]) => !name.startsWith(`${ownNamespace}:`),
    ),
  );
  if (isAsync) refuseAwaitedRequires(code.text, inputs, files);
  const linked = { code: withPreludesModules(code.text), map: map.text };
  const script = await finishedBeside(linked, { inputs, isAsync }, ended);
  const prelude = needsPrelude(script.code)
    ? await preludeFor(entry, { inputs, files })
    : undefined;
  return {
    ...(prelude === undefined ? script : behind(prelude, script)),
    entry,
    inputs,
  };
}

function isServiceLost(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    /^The service (was stopped|is no longer running)/.test(thrown.message)
  );
}
