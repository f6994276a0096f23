/**
 * Makes the executor one file: the runtime as a text for bare isolates, embedded in the process that holds them, and Node's
 * library behind it. Behind the wall nothing else need be visible but isolated-vm.
 */
import { randomUUID } from "node:crypto";
import { appendFile, mkdir, rename } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { packLibrary } from "./library/pack.ts";
import { librarySources } from "./library/scripts.ts";

const here = import.meta.dirname;
const repository = join(here, "../..");

/** Where the bundle lies unless told otherwise; isolated-vm must be found from there. */
export const executorBundle = join(repository, "dist/executor.cjs");

/** Writes the executor's one file; several may do so at once. */
export async function bundleExecutor(outFile = executorBundle): Promise<void> {
  const [program, scripts] = await Promise.all([
    bundleProgram(await bundleRuntime()),
    librarySources({ plugins: [nodeNames], common }),
  ]);
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
async function bundleProgram(runtimeText: string): Promise<string> {
  const { outputFiles } = await build({
    ...common,
    ...ofNode,
    entryPoints: [join(here, "main.ts")],
    format: "iife",
    define: { runtimeText: JSON.stringify(runtimeText) },
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
    inject: [join(here, "runtime/shared-array-buffer.ts")],
    alias: {
      // Without the tables of East Asian encodings, which URLs and text of today do not need.
      "@exodus/bytes/encoding.js": "@exodus/bytes/encoding-lite.js",
    },
    plugins: [nodeNames, bareEngine],
  });
  const [output] = result.outputFiles;
  if (!output) throw new Error("esbuild gave no runtime");
  return `(() => {${output.text}\nreturn runtime.start;})()`;
}

/** Packages ask for these by Node's names; here they are polyfills, and `process` is the runtime's own. */
const nodeNames: Plugin = {
  name: "node-names",
  setup: (bundler) => {
    const packages = join(repository, "node_modules");
    bundler.onResolve({ filter: /^process\/?$/ }, () => ({
      path: join(here, "runtime/process.ts"),
    }));
    bundler.onResolve({ filter: /^buffer\/?$/ }, () => ({
      path: join(packages, "buffer/index.js"),
    }));
    bundler.onResolve({ filter: /^events\/?$/ }, () => ({
      path: join(packages, "events/events.js"),
    }));
  },
};

/** Of @exodus/bytes, the files for an engine without TextDecoder, in the place of those that lean on one. */
const bareEngine: Plugin = {
  name: "bare-engine",
  setup: (bundler) => {
    const name = "@exodus/bytes";
    const folder = join(repository, "node_modules", name);
    const replaced = ["utf16", "fallback/platform", "fallback/utf8.auto"];
    bundler.onResolve({ filter: /\.js$/ }, ({ importer, resolveDir, path }) => {
      if (!importer.startsWith(folder)) return undefined;
      const file = path.startsWith(name)
        ? join(folder, path.slice(name.length))
        : join(resolveDir, path);
      const stem = file.replace(/\.js$/, "");
      const isReplaced = replaced.includes(relative(folder, stem));
      return isReplaced ? { path: `${stem}.native.js` } : undefined;
    });
  },
};

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
