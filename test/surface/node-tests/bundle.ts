/** A test of Node's as an extension: `require`d inside an invocation, with a `common` of our own in the place of Node's. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const ours = (name: string): string => join(import.meta.dirname, name);
const common = ours("common.cjs");
/** What takes the place of files beside Node's tests, by what a test asks for. */
const standIns: readonly (readonly [RegExp, string])[] = [
  [/^(\.\.\/common|\.)\/?(index)?(\.m?js)?$/, common],
  [/^(\.\.\/common|\.)\/fixtures(\.js)?$/, ours("fixtures.cjs")],
  [/^(\.\.\/common|\.)\/tmpdir(\.js)?$/, ours("tmpdir.cjs")],
  [/^(\.\.\/common|\.)\/countdown(\.js)?$/, ours("countdown.cjs")],
  [/^node:test$/, ours("node-test.cjs")],
];

/** Where a test believes to lie. */
const testsFolder = "/tmp/test/parallel";

/** What may name a fixture: a text, or the parts of a path. */
const calls = /((?:\s*['"][^'"\n]+['"],?)+)/g;
const maxFixtureChars = 65_536;
/** A test that wants its files before it asks for the module of fixtures. */
const readsFiles = /__filename|__dirname|fixtures/;
/** A call that works out which key it wants. */
const workedOutKey = /\breadKey\(\s*[^'"\s]|['"]keys['"],\s*[^'"\s]/;
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
  texts[join("..", "parallel", name)] = source;
  const { outputFiles } = await build({
    stdin: {
      contents: `
const { outcome } = require("../common");
${readsFiles.test(source) ? 'require("../common/fixtures");' : ""}
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
    define: {
      fixtureTexts: JSON.stringify(texts),
      __dirname: JSON.stringify(testsFolder),
      __filename: JSON.stringify(`${testsFolder}/${name}`),
    },
    plugins: [
      {
        name: "common",
        setup(bundler) {
          for (const [filter, path] of standIns)
            bundler.onResolve({ filter }, () => ({ path }));
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
  const paths = [...source.matchAll(calls)].flatMap(([, list = ""]) => {
    const names = namesOf(list);
    return [...names, join(...names)];
  });
  const keys = join(from, "fixtures", "keys");
  if (workedOutKey.test(source)) paths.push(...(await readdir(keys)));
  const texts: Record<string, string> = {};
  for (const path of new Set(
    paths.flatMap((each) => [each, join("keys", each)]),
  )) {
    const file = join(from, "fixtures", path);
    const text = await readFile(file, "latin1").catch(() => undefined);
    if (text !== undefined && text.length <= maxFixtureChars)
      texts[path] = text;
  }
  return texts;
}

function namesOf(list: string): string[] {
  return [...list.matchAll(/['"]([^'"]+)['"]/g)].map(([, part = ""]) => part);
}
