/** A test of Node's as an extension: `require`d inside an invocation, with a `common` of our own in the place of Node's. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const common = join(import.meta.dirname, "common.cjs");
const countdown = join(import.meta.dirname, "countdown.cjs");
const fixtures = join(import.meta.dirname, "fixtures.cjs");

/** Calls that name a fixture by its path. */
const fixtureCalls =
  /\b(?:fixtures|keys)?\.?(readKey|readSync|path)\(\s*(\[?)((?:\s*['"][^'"]+['"],?)+)/g;
/** A call that works out which key it wants. */
const workedOutKey = /\breadKey\(\s*[^'"\s]/;
/** A fixture that is a program. */
const requiredFixtures =
  /\brequire\(\s*fixtures\.path\(((?:\s*['"][^'"]+['"],?)+)\s*\)\s*,?\s*\)/g;

/** Undefined for a test that needs a file which is not there. */
export async function bundleTest(
  from: string,
  name: string,
): Promise<string | undefined> {
  const folder = join(from, "parallel");
  const source = await readFile(join(folder, name), "utf8");
  const texts = await fixturesOf(from, source);
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
          bundler.onResolve(
            { filter: /^\.\.\/common\/countdown(\.js)?$/ },
            () => ({ path: countdown }),
          );
          bundler.onResolve({ filter: /^\.\.\/common\/fixtures$/ }, () => ({
            path: fixtures,
          }));
          bundler.onLoad(
            { filter: new RegExp(`/parallel/${name.replaceAll(".", "\\.")}$`) },
            () => ({ contents: withFixtures(from, source), loader: "js" }),
          );
        },
      },
    ],
  }).catch(() => ({ outputFiles: [] }));
  return outputFiles[0]?.text;
}

/** A fixture that is a program is bundled as if the test named its file. */
function withFixtures(from: string, source: string): string {
  return source.replaceAll(
    requiredFixtures,
    (_call, list: string) =>
      `require(${JSON.stringify(join(from, "fixtures", ...namesOf(list)))})`,
  );
}

/** The fixtures that a test names, by their paths; each byte a character. */
async function fixturesOf(
  from: string,
  source: string,
): Promise<Record<string, string>> {
  const paths = [...source.matchAll(fixtureCalls)].map(
    ([, call, bracket, list = ""]) => {
      const names = namesOf(list);
      // A second name that is not in a list is that of an encoding.
      const [only = ""] = names;
      if (call === "readKey") return join("keys", only);
      return call === "path" || bracket === "[" ? join(...names) : only;
    },
  );
  const keys = join(from, "fixtures", "keys");
  if (workedOutKey.test(source))
    for (const name of await readdir(keys))
      if (name.endsWith(".pem")) paths.push(join("keys", name));
  const texts: Record<string, string> = {};
  for (const path of new Set(paths)) {
    const file = join(from, "fixtures", path);
    const text = await readFile(file, "latin1").catch(() => undefined);
    if (text !== undefined) texts[path] = text;
  }
  return texts;
}

function namesOf(list: string): string[] {
  return [...list.matchAll(/['"]([^'"]+)['"]/g)].map(([, part = ""]) => part);
}
