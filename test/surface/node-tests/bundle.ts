/** A test of Node's as an extension: `require`d inside an invocation, with a `common` of our own in the place of Node's. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const common = join(import.meta.dirname, "common.cjs");
const fixtures = join(import.meta.dirname, "fixtures.cjs");

/** Calls that name a fixture by its path. */
const fixtureCalls =
  /\b(?:fixtures|keys)?\.?(readKey|readSync)\(\s*\[?((?:\s*['"][^'"]+['"],?)+)/g;

/** Undefined for a test that needs a file which is not there. */
export async function bundleTest(
  from: string,
  name: string,
): Promise<string | undefined> {
  const folder = join(from, "parallel");
  const texts = await fixturesOf(
    from,
    await readFile(join(folder, name), "utf8"),
  );
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
    define: { fixtureTexts: JSON.stringify(texts) },
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
  }).catch(() => ({ outputFiles: [] }));
  return outputFiles[0]?.text;
}

/** The fixtures that a test names, by their paths; each byte a character. */
async function fixturesOf(
  from: string,
  source: string,
): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const [, call, list = ""] of source.matchAll(fixtureCalls)) {
    const names = [...list.matchAll(/['"]([^'"]+)['"]/g)].map(
      ([, part = ""]) => part,
    );
    const path =
      call === "readKey" ? join("keys", names[0] ?? "") : join(...names);
    const file = join(from, "fixtures", path);
    texts[path] = await readFile(file, "latin1").catch(() => "");
  }
  return texts;
}
