/** A test of Node's as an extension: `require`d inside an invocation, with a `common` of our own in the place of Node's. */
import { join } from "node:path";
import { build } from "esbuild";

const common = join(import.meta.dirname, "common.cjs");
const fixtures = join(import.meta.dirname, "fixtures.cjs");

export async function bundleTest(from: string, name: string): Promise<string> {
  const folder = join(from, "parallel");
  const { outputFiles } = await build({
    stdin: {
      contents: `
const { outcome } = require("../common");
module.exports = (cb) => outcome(() => require(${JSON.stringify(`./${name}`)}), (reason) => cb(null, reason));`,
      resolveDir: folder,
      loader: "js",
    },
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    target: "esnext",
    logLevel: "silent",
    plugins: [
      {
        name: "common",
        setup(bundler) {
          bundler.onResolve(
            { filter: /^\.\.\/common\/?(index)?(\.js)?$/ },
            () => ({
              path: common,
            }),
          );
          bundler.onResolve({ filter: /^\.\.\/common\/fixtures$/ }, () => ({
            path: fixtures,
          }));
        },
      },
    ],
  });
  return outputFiles[0]?.text ?? "";
}
