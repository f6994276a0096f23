/** Packages as they are published: what they ask for and have not, the names their code has, native code. */
import { createRequire } from "node:module";
import vm from "node:vm";
import { describe, expect, it } from "vitest";
import { build, type Bundle } from "../../../../controlplane/build/build.ts";

const require = createRequire(import.meta.url);

function built(files: Record<string, string>, entry = "index.js") {
  return build({
    files: Object.entries(files).map(([path, text]) => ({
      path,
      content: Buffer.from(text),
    })),
    entry,
  });
}

function exportsOf({ content }: Bundle): unknown {
  const module = { exports: {} };
  const names = ["exports", "require", "module"];
  const run = vm.compileFunction(Buffer.from(content).toString(), names);
  run.call(module.exports, module.exports, require, module);
  return module.exports;
}

async function exported(files: Record<string, string>) {
  return exportsOf(await built(files));
}

function refusal(files: Record<string, string>) {
  return built(files).then(
    () => "built",
    ({ message }: Error) => message,
  );
}

/** A source of one package and a line that uses it. */
function withPackage(
  code: string,
  about: object = {},
  more: Record<string, string> = {},
) {
  return {
    "index.js": `const proxy = require('proxy');
      module.exports = [0, 1].map(() => { try { return proxy(); } catch (e) { return [e.code, e.message.split("\\n")[0]]; } });`,
    "node_modules/proxy/package.json": JSON.stringify({
      name: "proxy",
      main: "lib/main.js",
      ...about,
    }),
    "node_modules/proxy/lib/package.json": '{ "type": "commonjs" }',
    "node_modules/proxy/lib/main.js": code,
    ...more,
  };
}

const late = "module.exports = () => require('tunnel-agent/lib')(1);";
const missing = ["MODULE_NOT_FOUND", "Cannot find module 'tunnel-agent/lib'"];

describe("what a package requires and has not", () => {
  it.each([
    {},
    { peerDependencies: { "tunnel-agent": "1" } },
    {
      dependencies: { "tunnel-agent": "1" },
      optionalDependencies: { "tunnel-agent": "1" },
    },
  ])("throws when it is reached, as in Node (%j)", async (about) => {
    expect(await exported(withPackage(late, about))).toEqual([
      missing,
      missing,
    ]);
  });

  it("is missed at a dynamic import when it is reached", async () => {
    const code = "module.exports = () => import('tunnel-agent/lib');";
    const promises = listOf(await exported(withPackage(code)));
    const missed = { reason: { code: "MODULE_NOT_FOUND" }, status: "rejected" };
    expect(await Promise.allSettled(promises)).toMatchObject([missed, missed]);
  });

  it("is missed where it would have been compiled", async () => {
    const code = "module.exports = () => require('../build/fast.node');";
    const missed = [
      "MODULE_NOT_FOUND",
      "Cannot find module '../build/fast.node'",
    ];
    expect(await exported(withPackage(code))).toEqual([missed, missed]);
  });

  it("is missed beside a top-level await, too", async () => {
    const files = withPackage(late);
    const { "index.js": entry, ...others } = files;
    const bundle = await built({
      ...others,
      "index.js": "import list from './list.cjs'; export default await list;",
      "list.cjs": entry,
    });
    expect(await exportsWaited(bundle)).toEqual([missing, missing]);
  });

  it("is refused where the package says that it is installed with it", async () => {
    const about = { dependencies: { "tunnel-agent": "1" } };
    expect(await refusal(withPackage(late, about))).toMatch(
      /^node_modules\/proxy\/lib\/main\.js:1:32: cannot find module 'tunnel-agent\/lib'; publish a folder/,
    );
  });

  it("is refused where an ES module imports it, and where an author's file requires it", async () => {
    expect(await refusal(withPackage("import 'tunnel-agent/lib';"))).toMatch(
      /cannot find module/,
    );
    const files = withPackage(late);
    expect(
      await refusal({
        ...files,
        "index.js": `${files["index.js"]} require('tunnel-agent/lib');`,
      }),
    ).toMatch(/^index\.js:2:.* cannot find module 'tunnel-agent\/lib'/);
  });
});

it("native code in a package throws when it is loaded, and the package goes on without", async () => {
  const code = `let fast; try { fast = require('../build/fast.node'); } catch (e) { fast = e; }
    module.exports = () => [fast.code, fast.message];`;
  const files = withPackage(
    code,
    {},
    { "node_modules/proxy/build/fast.node": "\0" },
  );
  const said = [
    "ERR_DLOPEN_FAILED",
    "'node_modules/proxy/build/fast.node' is native code, which cannot be loaded in the sandbox",
  ];
  expect(await exported(files)).toEqual([said, said]);
});

it("a computed path finds what it would find in Node, whatever else lies there", async () => {
  const code = `const one = (name) => { try { return require("./parts/" + name); } catch (e) { return e.code; } };
    module.exports = () => ["one", "one.js", "two", "data", "none", "toString"].map(one);`;
  const files = withPackage(
    code,
    {},
    {
      "node_modules/proxy/lib/parts/one.js": "module.exports = 1;",
      "node_modules/proxy/lib/parts/two/index.js": "module.exports = 2;",
      "node_modules/proxy/lib/parts/data.json": "3",
      "node_modules/proxy/lib/parts/README.md": "# Parts",
    },
  );
  const found = [1, 1, 2, 3, "MODULE_NOT_FOUND", "MODULE_NOT_FOUND"];
  expect(await exported(files)).toEqual([found, found]);
});

describe("createRequire", () => {
  it("finds CommonJS, JSON and what package.json names, from ES modules and CommonJS", async () => {
    const files = {
      "index.js": `const { createRequire } = require('module'); const load = createRequire(__filename);
        module.exports = [require('proxy').default, load('./own.json'), load('path').sep].flat();`,
      "own.json": '{ "own": true }',
      "node_modules/proxy/package.json":
        '{ "main": "main.mjs", "version": "7", "imports": { "#parts/*": "./parts/*.cjs" } }',
      "node_modules/proxy/main.mjs": `import { createRequire } from 'node:module';
        const require = createRequire(import.meta.url);
        export default [require('./package.json').version, require('#parts/one'), require('node:path').sep];`,
      "node_modules/proxy/parts/one.cjs": "module.exports = 'one';",
    };
    expect(await exported(files)).toEqual([
      "7",
      "one",
      "/",
      { own: true },
      "/",
    ]);
  });

  it("is missed when it is reached, as in Node", async () => {
    const code = `const { createRequire } = require('module');
      const load = createRequire(__filename);
      module.exports = () => load('tunnel-agent/lib');`;
    expect(await exported(withPackage(code))).toEqual([missing, missing]);
  });
});

it("large data is what it was, and no more than that", async () => {
  const data = { list: Array.from({ length: 5000 }, (_, at) => ({ at })) };
  const text = JSON.stringify({ ...data, "it's": '"\u2028`${' }, null, 2);
  const files = {
    "index.mjs": "import data from './data.json'; export default data;",
    "data.json": text,
  };
  const bundle = await built(files, "index.mjs");
  expect(exportsOf(bundle)).toMatchObject({ default: JSON.parse(text) });
  expect(bundle.content.length).toBeLessThan(text.length);
  const broken = { "index.js": files["index.mjs"], "data.json": `${text},` };
  expect(await refusal(broken)).toMatch(/^data\.json:1500\d:2: expected end/);
});

it("require.resolve finds files and packages that nobody requires, and misses the rest when it is reached", async () => {
  const code = `const all = [require.resolve("./worker"), require.resolve('other/package.json'), require.resolve('other')];
    module.exports = () => (all.length > 0 ? all.splice(0) : require.resolve('./none'));`;
  const more = {
    "node_modules/proxy/lib/worker.js": "not code",
    "node_modules/other/package.json": '{ "main": "./lib/other" }',
    "node_modules/other/lib/other.js": "",
  };
  expect(await exported(withPackage(code, {}, more))).toEqual([
    [
      "/node_modules/proxy/lib/worker.js",
      "/node_modules/other/package.json",
      "/node_modules/other/lib/other.js",
    ],
    ["MODULE_NOT_FOUND", "Cannot find module './none'"],
  ]);
});

it("a package's names may be those that esbuild's own code has", async () => {
  const files = {
    "index.js":
      "var cjs = require('./cb.cjs'); module.exports = [cjs, require('proxy').default].flat();",
    "cb.cjs": "module.exports = 'cjs';",
    "node_modules/proxy/package.json": '{ "main": "main.mjs" }',
    "node_modules/proxy/main.mjs":
      "import { cb, mod } from './names.mjs'; export default [cb(), mod];",
    "node_modules/proxy/names.mjs":
      "export function cb() { return 'cb'; } export const mod = 'mod';",
  };
  expect(await exported(files)).toEqual(["cjs", "cb", "mod"]);
});

function listOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error("no list");
  return value;
}

/** Of a bundle with a top-level await, which returns a promise. */
async function exportsWaited({ content }: Bundle): Promise<unknown> {
  const module: { exports: { default?: unknown } } = { exports: {} };
  const names = ["exports", "require", "module"];
  const run = vm.compileFunction(Buffer.from(content).toString(), names);
  await run.call(module.exports, module.exports, require, module);
  return module.exports.default;
}
