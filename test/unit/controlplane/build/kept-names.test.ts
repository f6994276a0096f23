/** Functions and classes are named as in Node, whatever else of the bundle has their name. */
import { createRequire } from "node:module";
import vm from "node:vm";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { expect, it } from "vitest";
import { build } from "../../../../controlplane/build/build.ts";

const require = createRequire(import.meta.url);

async function built(files: Record<string, string>, entry = "index.mjs") {
  const { content, sourceMap } = await build({
    files: Object.entries(files).map(([path, text]) => ({
      path,
      content: Buffer.from(text),
    })),
    entry,
  });
  return {
    code: Buffer.from(content).toString(),
    map: Buffer.from(sourceMap).toString(),
  };
}

/** What a bundle exports, by a top-level await or not. */
async function exportsOf({ code }: { code: string }): Promise<unknown> {
  const module: { exports: { default?: unknown } } = { exports: {} };
  const names = ["exports", "require", "module"];
  const run = vm.compileFunction(code, names, { filename: "bundle.js" });
  await run.call(module.exports, module.exports, require, module);
  return module.exports.default ?? module.exports;
}

async function exported(files: Record<string, string>, entry?: string) {
  return exportsOf(await built(files, entry));
}

/** An entry that gives what `names.cjs` exports. */
const fromCjs = "import names from './names.cjs'; export default names;";

it("a name that hides another is the author's in CommonJS", async () => {
  const names = `
    var Query = (function (_super) {
      function Query(a) { this.a = a; }
      Query.prototype.find = function find() { return function Query() {}; };
      return Query;
    })();
    class URL { static make() { return new URL(); } }
    function outer() {
      const Query = () => 1;
      { let Query = class {}; return [Query.name, URL.make().constructor.name]; }
    }
    exports.all = [Query.name, new Query(1).a, new Query().find().name, outer()];
    exports.arrow = () => { const find = () => 1; return find.name; };
    exports.async = (() => { const Query = async (a) => a; return Query.name; })();`;
  expect(await exported({ "index.mjs": fromCjs, "names.cjs": names })).toEqual({
    all: ["Query", 1, "Query", ["Query", "URL"]],
    arrow: expect.any(Function),
    async: "Query",
  });
});

it("a function in a block is named as its author named it, outside of the block too", async () => {
  const names = `
    exports.inBlock = (function (x) { if (x) { function named() { return [named.name, typeof named]; } } return named(); })(1);
    exports.inCase = (function (x) { switch (x) { case 1: function named() {} function* other() { yield other.name; } return [named.name, ...other()]; } })(1);
    exports.twice = (function () { { function named() {} } { function named() { return 2; } } return [named.name, named()]; })();
    exports.before = (function () { const before = typeof named; { function named() {} } return before; })();`;
  expect(await exported({ "index.mjs": fromCjs, "names.cjs": names })).toEqual({
    inBlock: ["named", "function"],
    inCase: ["named", "other"],
    twice: ["named", 2],
    before: "undefined",
  });
});

const twoOfAName = {
  "one.mjs": `
    export class Query { static made = 0; static make() { Query.made += 1; return new Query(); } }
    export const handler = () => 'one', other = function () {};
    export class Named { static name = 'own'; }
    export function run() { return run; }
    export default class extends Query {}`,
  "two.mjs": `
    import { Query as First, handler as firsts, Named as Own, run as runFirst } from './one.mjs';
    export class Query extends First { both() { return [First.name, Query.name]; } }
    export class Named extends Own { super() { return Own.name; } }
    export const handler = async (a = firsts) => a(), other = class { is() { return 'other'; } };
    export function run() { function other() {} return [runFirst().name, run.name, other.name]; }`,
};
const listed = `
  export default [
    one.Query.make().constructor.name, one.Query.made, one.handler.name, one.other.name, one.Named.name, one.run().name,
    two.Query.name, new two.Query().both(), two.Query.make().constructor.name, two.Named.name, new two.Named().super(),
    two.handler.name, await two.handler(), two.other.name, new two.other().is(), two.run()];`;
const asInNode = [
  ["Query", 1, "handler", "other", "own", "run"],
  ["Query", ["Query", "Query"], "Query", "Named", "own"],
  ["handler", "one", "other", "other", ["run", "run", "other"]],
].flat();

it("two ES modules may have the same names, beside a top-level await", async () => {
  const entry = `import * as one from './one.mjs'; import * as two from './two.mjs'; ${listed}`;
  expect(await exported({ ...twoOfAName, "index.mjs": entry })).toEqual(
    asInNode,
  );
});

it("two ES modules may have the same names where CommonJS requires them", async () => {
  const entry = `const one = require('./one.mjs'), two = require('./two.mjs');
    module.exports = { wait: async () => { ${listed.replace("export default", "return")} } };`;
  const { wait } = Object(
    await exported({ ...twoOfAName, "index.cjs": entry }, "index.cjs"),
  );
  expect(await wait()).toEqual(asInNode);
});

it("an asynchronous function's way of old leaves the names as they are", async () => {
  const names = `
    require('async_hooks');
    class Query { static make() { return new Query(); } async all() { return await [Query.name]; } }
    class Union extends Query { async all() { return await super.all(() => this); } }
    var Model = (function () { function Model() {} Model.prototype.save = async function save() { await 1; return Model.name; }; return Model; })();
    module.exports = { list: [Query.make().constructor.name, Union.name, Model.name, new Model().save.name], all: () => Query.make().all(), save: () => new Model().save() };`;
  const entry = `${fromCjs} export const more = [await names.all(), await names.save()];`;
  const script = await built({ "index.mjs": entry, "names.cjs": names });
  expect(script.code).not.toMatch(/\basync\b/);
  expect(await exportsOf(script)).toMatchObject({
    list: ["Query", "Union", "Model", "save"],
  });
});

it("text that looks like code is left alone, and code that it looks like runs", async () => {
  const names = `
    class Query { static text = \`
    };
    _Query Query2\`; static make() { return new Query(); } }
    function outer() { function Query() { return 'Query2'; } return Query; }
    class Other { static make() { return [new Other().constructor.name, '_Other']; } }
    module.exports = [Query.make().constructor.name, Query.text.trim().slice(-6), outer()(), Other.make()];`;
  expect(await exported({ "index.mjs": fromCjs, "names.cjs": names })).toEqual([
    "Query",
    "Query2",
    "Query2",
    ["Other", "_Other"],
  ]);
});

it("a Promise of the author's is no other's", async () => {
  const names = `
    function Promise() {} Promise.resolve = () => { throw new Error('not meant'); };
    const later = () => import('./later.mjs');
    exports.names = (function () { function Promise() {} return typeof Promise; })();
    exports.later = later;`;
  const files = {
    "index.mjs": `${fromCjs} export const waited = await names.later();
      names.waited = waited.default;`,
    "names.cjs": names,
    "later.mjs": "export default 'came';",
  };
  expect(await exported(files)).toMatchObject({
    names: "function",
    waited: "came",
  });
});

it("what has its name is not told it, wherever it stands", async () => {
  const names = `
    function run() { function within() {} return [within, (function called() {})]; }
    async function* made() {}
    class Query { static made = () => 1; #own = function () {}; 'a-b' = () => 2; kept = class {}; }
    class Named { static name() { return 'own'; } }
    var late; late ??= async () => {}; late = function () {};
    let { fallback = () => {} } = {};
    (function now() { return now; })();
    module.exports = { run, made, Query, Named, late, fallback, m() {}, f: () => 1, 'c-d': function () {}, __proto__: null };`;
  const { code } = await built({ "index.mjs": fromCjs, "names.cjs": names });
  expect(code).not.toContain("__name(");
  const all = Object(await exportsOf({ code }));
  const query = new all.Query();
  expect(
    [
      all.run(),
      all.made,
      all.Query,
      all.late,
      all.fallback,
      all.f,
      all["c-d"],
      query["a-b"],
      query.kept,
      all.Query.made,
    ]
      .flat()
      .map(({ name }) => name),
  ).toEqual([
    "within",
    "called",
    "made",
    "Query",
    "late",
    "fallback",
    "f",
    "c-d",
    "a-b",
    "kept",
    "made",
  ]);
  expect(all.Named.name()).toBe("own");
});

it("a function exported without a name is called as in Node", async () => {
  const files = {
    "index.mjs": "import one from './one.mjs'; export default [one.name];",
    "one.mjs": "export default async () => {};",
  };
  expect(await exported(files)).toEqual(["default"]);
});

it("what stands behind a call that was taken out keeps its place in the source", async () => {
  const names = `const one = () => 1, two = () => 2, three = [].thrown; module.exports = [one, two, three];`;
  const { code, map } = await built({
    "index.mjs": fromCjs,
    "names.cjs": names,
  });
  const lines = code.split("\n");
  const line = lines.findIndex((text) => text.includes(".thrown"));
  const column = lines[line]?.indexOf("thrown") ?? -1;
  expect(
    originalPositionFor(new TraceMap(map), { line: line + 1, column }),
  ).toMatchObject({
    source: "names.cjs",
    line: 1,
    column: names.indexOf("thrown"),
  });
});
