/**
 * Makes the executor one file: its program, and behind it the runtime for bare isolates and Node's library. Behind the wall
 * nothing else need be visible but isolated-vm.
 */
import { randomUUID } from "node:crypto";
import { appendFile, mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build, type BuildOptions } from "esbuild";
import { packLibrary } from "./library/pack.ts";
import { librarySources } from "./library/scripts.ts";
import { runtimeName } from "./library/runtime-name.ts";

const here = import.meta.dirname;
const repository = join(here, "../..");

/** Where the bundle lies unless told otherwise; isolated-vm must be found from there. */
export const executorBundle = join(repository, "dist/executor.cjs");

/** Writes the executor's one file; several may do so at once. */
export async function bundleExecutor(outFile = executorBundle): Promise<void> {
  const [program, runtime, scripts] = await Promise.all([
    bundleProgram(),
    bundleRuntime(),
    librarySources(common),
  ]);
  scripts.set(runtimeName, runtime);
  scripts.set("program", `(function (require, library) {${program}\n})`);
  const packed = await packLibrary(scripts);
  await mkdir(dirname(outFile), { recursive: true });
  const unfinished = `${outFile}.${randomUUID()}`;
  await build({
    ...common,
    ...ofNode,
    entryPoints: [join(here, "boot.ts")],
    outfile: unfinished,
  });
  await appendFile(unfinished, packed);
  await rename(unfinished, outFile);
}

/** The program that boot.ts runs. */
async function bundleProgram(): Promise<string> {
  const { outputFiles } = await build({
    ...common,
    ...ofNode,
    entryPoints: [join(here, "main.ts")],
    format: "iife",
    // The library's scripts are kept one byte a character.
    charset: "ascii",
    write: false,
  });
  const [output] = outputFiles;
  if (!output) throw new Error("esbuild gave no program");
  return output.text;
}

/** The runtime as a script whose value is `start`. */
async function bundleRuntime(): Promise<string> {
  const result = await build({
    ...common,
    entryPoints: [join(here, "runtime/bootstrap.ts")],
    platform: "browser",
    format: "iife",
    globalName: "runtime",
    target: "es2024",
    charset: "ascii",
    write: false,
  });
  const [output] = result.outputFiles;
  if (!output) throw new Error("esbuild gave no runtime");
  return `(() => {${output.text}\nreturn runtime.start;})()`;
}

const common: BuildOptions = {
  bundle: true,
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  logLevel: "warning",
  absWorkingDir: repository,
};

const ofNode = {
  platform: "node",
  format: "cjs",
  target: "node24",
  external: ["isolated-vm"],
} as const satisfies BuildOptions;

if (import.meta.main) await bundleExecutor();
