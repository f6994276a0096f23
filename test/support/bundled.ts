/** Sources with packages from this repository's node_modules in them, made one script as a publish does. */
import { build, type BuildOptions } from "esbuild";
import { repositoryRoot } from "./paths.ts";

export async function bundled(
  source: string,
  options: Pick<BuildOptions, "minify"> = {},
): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: source,
      resolveDir: repositoryRoot,
      sourcefile: "extension.js",
      loader: "js",
    },
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "esnext",
    write: false,
    logLevel: "error",
    ...options,
  });
  const [output] = outputFiles;
  if (!output) throw new Error("esbuild gave nothing");
  return output.text;
}
