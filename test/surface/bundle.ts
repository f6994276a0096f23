/** Makes one script of a builtin's checks and of what runs them: the extension to publish, and what plain Node requires. */
import { build } from "esbuild";

/** The script exports a function of `{ data: { members, origins } }` and a callback, which gets what `runChecks` answers. */
export async function bundleChecks(checksFile: string): Promise<string> {
  const entry = `
    const { runChecks } = require("./run-checks.ts");
    module.exports = ({ data }, callback) => {
      // Evaluated within a call: a builtin that does not load fails its own checks and not the publish.
      const { surface } = require(${JSON.stringify(checksFile)});
      runChecks(surface, data.members, data.origins).then(
        (answers) => callback(null, answers),
        callback,
      );
    };`;
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: import.meta.dirname, loader: "js" },
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    target: "node24",
    keepNames: true,
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}
