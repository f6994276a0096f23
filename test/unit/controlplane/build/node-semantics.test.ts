import { createRequire } from "node:module";
import vm from "node:vm";
import { parse } from "acorn";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { describe, expect, it } from "vitest";
import { build, type Bundle } from "../../../../controlplane/build/build.ts";

const require = createRequire(import.meta.url);

function built(files: Record<string, string>, entry = ""): Promise<Bundle> {
  return build({
    files: Object.entries(files).map(([path, text]) => ({
      path,
      content: Buffer.from(text),
    })),
    entry,
  });
}

function textOf(bundle: Bundle): string {
  return Buffer.from(bundle.content).toString();
}

/** What a bundle exports, run as the sandbox does: with the five names of a module, waiting for what it returns. */
// oxlint-disable-next-line typescript/no-explicit-any -- each test looks into what it wrote itself
async function exportsOf(bundle: Bundle): Promise<any> {
  const module = { exports: {} };
  const run = vm.compileFunction(textOf(bundle), [
    "exports",
    "require",
    "module",
    "__filename",
    "__dirname",
  ]);
  await run.call(
    module.exports,
    module.exports,
    require,
    module,
    "extension.js",
    "/",
  );
  return module.exports;
}

async function exported(files: Record<string, string>, entry = "") {
  return exportsOf(await built(files, entry));
}

function refusal(files: Record<string, string>, entry = "") {
  return built(files, entry).then(
    () => "built",
    ({ message }: Error) => message,
  );
}

const isSloppy = "(function () { return this !== undefined; })()";

describe("sloppy and strict", () => {
  it("keeps each file in its own mode, whichever imports the other", async () => {
    const { modes, shared } = await exported(
      {
        "index.mjs": `import cjs from './a.cjs'; import './bare.js'; import { f, kept } from './e.js';
          export const modes = { entry: ${isSloppy}, cjs: cjs.mode, esm: f(), kept, bare: globalThis.bareMode };
          export const shared = cjs.shared();`,
        "a.cjs": `const e = require('./e.js'); exports.mode = ${isSloppy};
          exports.shared = () => [e.f.name, e.f(), e.kept, e.count, e.add(), e.count];`,
        "bare.js": `bareMode = ${isSloppy};`,
        "e.js": `export function f({ a } = {}) { return ${isSloppy}; }
          export const [kept, other] = [${isSloppy}, 2]; export let count = 1; export const add = () => (count += 1);`,
      },
      "index.mjs",
    );
    expect(modes).toEqual({
      entry: false,
      cjs: true,
      esm: false,
      kept: false,
      bare: true,
    });
    expect(shared).toEqual(["f", false, false, 1, 2, 2]);
  });

  it("runs what only sloppy code may do, beside ES modules", async () => {
    const files = {
      "index.mjs": "import all from './old.cjs'; export default all;",
      "old.cjs": `undeclaredByOld = 3;
        exports.octal = 010; exports.undeclared = undeclaredByOld; delete globalThis.undeclaredByOld;
        exports.callee = (function () { return typeof arguments.callee; })();
        with ({ inside: 4 }) { exports.inside = inside; }
        exports.same = (function (a, a) { return a; })(1, 2);`,
    };
    expect((await exported(files, "index.mjs")).default).toEqual({
      octal: 8,
      undeclared: 3,
      callee: "function",
      inside: 4,
      same: 2,
    });
  });

  it("is strict where an old file mixes import with module.exports", async () => {
    const files = {
      "index.cjs": `module.exports = [require('./mixed.js'), ${isSloppy}];`,
      "mixed.js": `import { two } from './two.mjs'; import old from './old.js'; module.exports = [two, old.one, ${isSloppy}];`,
      "two.mjs": "export const two = 2;",
      "old.js": `exports.one = ${isSloppy};`,
    };
    expect(await exported(files, "index.cjs")).toEqual([
      [2, true, false],
      true,
    ]);
  });

  it("does so for large sources too", async () => {
    const filler = "exports.more = (a) => [a, { a }];\n".repeat(4000);
    const files = {
      "index.mjs": `import { mode } from './large.cjs'; export default [mode, ${isSloppy}];`,
      "large.cjs": `exports.mode = ${isSloppy};\n${filler}`,
    };
    const module = await exported(files, "index.mjs");
    expect(module.default).toEqual([true, false]);
  });

  it("leads to the author's lines after the files were sorted", async () => {
    const files = {
      "index.mjs":
        "import './a.cjs';\nimport { b } from './b.mjs';\n\nb(asked);",
      "a.cjs": "var b = require('./b.mjs');\n\n\nexports.later = b;",
      "b.mjs": "\nexport function b({ x } = {}) {\n  return inner(x);\n}",
    };
    const bundle = await built(files, "index.mjs");
    const map = new TraceMap(Buffer.from(bundle.sourceMap).toString());
    const placeOf = (needle: string) => {
      const lines = textOf(bundle).split(needle)[0]?.split("\n") ?? [];
      const column = lines.at(-1)?.length ?? 0;
      const { source, line } = originalPositionFor(map, {
        line: lines.length,
        column,
      });
      return [source, line];
    };
    expect(placeOf("asked)")).toEqual(["index.mjs", 4]);
    expect(placeOf("inner(")).toEqual(["b.mjs", 3]);
    expect(placeOf("later =")).toEqual(["a.cjs", 4]);
  });
});

describe("who and where a file is", () => {
  it("tells CommonJS files their names and modules", async () => {
    const told = `[__filename, __dirname, module.id, module.filename, module.paths, require.main === module, typeof require.main, module.loaded]`;
    const files = {
      "src/index.js": `exports.entry = ${told}; exports.inner = require('../lib/inner'); exports.children = module.children.map((one) => one.id);
        exports.innerIsLoaded = module.children[0].loaded;`,
      "lib/inner.js": `module.exports = ${told}; module.exports.parent = module.parent.id;`,
    };
    const { entry, inner, children, innerIsLoaded } = await exported(
      files,
      "src/index.js",
    );
    expect(entry).toEqual([
      "/src/index.js",
      "/src",
      "/src/index.js",
      "/src/index.js",
      ["/src/node_modules", "/node_modules"],
      false,
      "object",
      false,
    ]);
    expect(inner.slice(0, 3)).toEqual([
      "/lib/inner.js",
      "/lib",
      "/lib/inner.js",
    ]);
    expect(inner.parent).toBe("/src/index.js");
    expect(children).toEqual(["/lib/inner.js"]);
    expect(innerIsLoaded).toBe(true);
  });

  it("tells a lone file too, on the author's own lines", async () => {
    const text =
      '"use strict";\nmodule.exports = [__filename, __dirname, require.resolve("./task"), this === undefined];';
    const bundle = await built({ "jobs/task.js": text });
    expect(await exportsOf(bundle)).toEqual([
      "/jobs/task.js",
      "/jobs",
      "/jobs/task.js",
      false,
    ]);
    expect(textOf(bundle).split("\n")[1]).toBe(text.split("\n")[1]);
  });

  it("resolves what is there, from the file that asks, and says what is not", async () => {
    const files = {
      "index.js":
        "exports.found = require('./deep/ask.js'); exports.data = require.resolve('./data'); try { require.resolve('./no'); } catch (error) { exports.code = error.code; }",
      "deep/ask.js":
        "module.exports = ['./ask', '../index', 'plain'].map((name) => require.resolve(name)); require('plain');",
      "data.json": "{}",
      "node_modules/plain/package.json": '{"main": "main.js"}',
      "node_modules/plain/main.js": "",
    };
    expect(await exported(files)).toEqual({
      found: ["/deep/ask.js", "/index.js", "/node_modules/plain/main.js"],
      data: "/data.json",
      code: "MODULE_NOT_FOUND",
    });
  });

  it("requires bundled files by names made at run time", async () => {
    const files = {
      "index.js":
        "const path = require('node:path'); if (module.never) require('./a.js'); module.exports = require(path.join(__dirname, 'a'));",
      "a.js": "module.exports = 'a';",
    };
    expect(await exported(files)).toBe("a");
  });

  it("gives each ES module its own import.meta", async () => {
    const files = {
      "index.mjs":
        "import { meta } from './lib/a.ts'; export const own = import.meta.url; export { meta }; export const resolved = ['./x.js', 'fs', 'node:os', 'https://a.b/c'].map((name) => import.meta.resolve(name));",
      "lib/a.ts":
        "const { url, filename, dirname }: { url: string } = import.meta; export const meta = { url, filename, dirname };",
    };
    expect(await exported(files, "index.mjs")).toMatchObject({
      own: "file:///index.mjs",
      meta: {
        url: "file:///lib/a.ts",
        filename: "/lib/a.ts",
        dirname: "/lib",
      },
      resolved: ["file:///x.js", "node:fs", "node:os", "https://a.b/c"],
    });
  });
});

describe("imports", () => {
  it("takes builtins by default, by name, whole, and dynamically", async () => {
    const files = {
      "index.mjs":
        "import fs, { readFileSync } from 'node:fs'; import * as path from 'path'; export const same = fs.readFileSync === readFileSync && typeof path.join; export const later = (name) => import(name); export const literal = () => import('os'); export const own = () => import('./own.cjs');",
      "own.cjs": "exports.a = 1;",
    };
    const module = await exported(files, "index.mjs");
    expect(module.same).toBe("function");
    expect(typeof (await module.later("node:util")).inspect).toBe("function");
    expect(typeof (await module.literal()).default.EOL).toBe("string");
    expect((await module.own()).default).toEqual({ a: 1 });
    await expect(module.later("node:nowhere")).rejects.toThrow(/nowhere/);
  });

  it("imports JSON, whole and by name", async () => {
    const files = {
      "index.mjs":
        "import data, { limit } from './data.json' with { type: 'json' }; export default [data, limit];",
      "data.json": '{"limit": 7}',
    };
    expect((await exported(files, "index.mjs")).default).toEqual([
      { limit: 7 },
      7,
    ]);
  });
});

describe("a top-level await", () => {
  it("is waited for, in the entry, in what it imports, and in what is imported later", async () => {
    const files = {
      "index.mjs":
        "import fs, { readFileSync } from 'node:fs'; import { slow } from './slow.mjs'; import old from './old.cjs'; const later = await import('./later.mjs'); export default [slow, old, later.default, fs.readFileSync === readFileSync]; export const mode = " +
        isSloppy,
      "slow.mjs":
        "export const slow = await new Promise((resolve) => setImmediate(resolve, 'slow'));",
      "old.cjs": `module.exports = ${isSloppy};`,
      "later.mjs": "export default await 5;",
    };
    const module = await exported(files, "index.mjs");
    expect(module.default).toEqual(["slow", true, 5, true]);
    expect(module.mode).toBe(false);
    expect(module).toHaveProperty("__esModule", true);
  });

  it("can be reached from CommonJS by import(), and not by require()", async () => {
    const slow = { "slow.mjs": "export default await 1;" };
    const asks = {
      ...slow,
      "index.cjs": "module.exports = () => import('./slow.mjs');",
    };
    expect((await (await exported(asks, "index.cjs"))()).default).toBe(1);
    const requires = { ...slow, "index.cjs": "require('./slow.mjs');" };
    expect(await refusal(requires, "index.cjs")).toMatch(
      /^index\.cjs:1:9: cannot require '.\/slow.mjs', which waits at its top level; use import\(\)/,
    );
  });

  it("says that it cannot stand beside what only sloppy code may do", async () => {
    const files = {
      "index.mjs": "import './old.cjs'; await 1;",
      "old.cjs": "with (module) { exports.a = 1; }",
    };
    expect(await refusal(files, "index.mjs")).toMatch(
      /^old\.cjs:1:1: with statements cannot be used in a source with a top-level await; move that await into a function\n/,
    );
  });
});

describe("AsyncLocalStorage", () => {
  const task = `const { AsyncLocalStorage } = require('async_hooks');
const storage = new AsyncLocalStorage();
async function* steps() { yield await 1; }
class Runner { async run() { for await (const step of steps()) await step; return storage.getStore(); } }
module.exports = async (value, { add } = { add: 1 }) => storage.run(value + add, () => new Runner().run());`;

  it("leaves no native await in a bundle that uses it, which works all the same", async () => {
    const bundle = await built({ "index.js": task });
    expect(awaitsOf(textOf(bundle))).toEqual([]);
    expect(await (await exportsOf(bundle))(4)).toBe(5);
  });

  it("looks for it in packages, in ES modules and at the top level", async () => {
    const files = {
      "index.mjs":
        "import run from 'als'; const top = await run(1); export default [top, await run(2)];",
      "node_modules/als/package.json": '{"main": "main.js"}',
      "node_modules/als/main.js": task,
    };
    const bundle = await built(files, "index.mjs");
    expect(awaitsOf(textOf(bundle))).toEqual([]);
    expect((await exportsOf(bundle)).default).toEqual([2, 3]);
  });

  it("keeps asynchronous functions elsewhere", async () => {
    const text = "module.exports = async () => { await 1; };";
    expect(textOf(await built({ "index.js": text }))).toBe(text);
  });

  it("keeps sloppy code sloppy, and places the author's", async () => {
    const bundle = await built({
      "index.js": `require('node:async_hooks');\n\nmodule.exports = async () => {\n  await 1;\n  return ${isSloppy} && thrower;\n};`,
    });
    const map = new TraceMap(Buffer.from(bundle.sourceMap).toString());
    const lines = textOf(bundle).split("thrower")[0]?.split("\n") ?? [];
    const column = lines.at(-1)?.length ?? 0;
    expect(
      originalPositionFor(map, { line: lines.length, column }),
    ).toMatchObject({ source: "index.js", line: 5 });
    await expect((await exportsOf(bundle))()).rejects.toThrow(
      "thrower is not defined",
    );
  });
});

describe("a refusal", () => {
  it("shows the lines around, and points", async () => {
    const text = "// greets\nvar ä = 'öö'; var = 1;\nlast();";
    expect(await refusal({ "index.js": text })).toBe(
      [
        'index.js:2:19: expected identifier but found "="',
        "",
        "  1 | // greets",
        "> 2 | var ä = 'öö'; var = 1;",
        "    |                   ^",
        "  3 | last();",
      ].join("\n"),
    );
  });

  it("shows a part of a long line only", async () => {
    const frame = await refusal({
      "index.js": `${"a;".repeat(5000)}var = 1;${"b;".repeat(5000)}`,
    });
    const [, , line = "", caret = ""] = frame.split("\n");
    expect(line.length).toBeLessThan(140);
    expect(line[caret.indexOf("^")]).toBe("=");
  });
});

/** The native `await`s of a script. */
function awaitsOf(code: string): string[] {
  const words: string[] = [];
  parse(code, {
    ecmaVersion: "latest",
    allowReturnOutsideFunction: true,
    onToken: ({ start, end }) => {
      if (["await", "async"].includes(code.slice(start, end)))
        words.push(code.slice(start - 20, end + 20));
    },
  });
  return words;
}
