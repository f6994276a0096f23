import { createHash } from "node:crypto";
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  utimes,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import vm from "node:vm";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { removeStaleLayouts } from "../../../../controlplane/build/layout.ts";
import { build, type Bundle } from "../../../../controlplane/build/build.ts";
import { scriptParser } from "../../../../controlplane/build/script.ts";

// A temporary folder of its own: what lies there was left by a build of this file.
const shared = process.env["TMPDIR"];
beforeAll(async () => {
  process.env["TMPDIR"] = await mkdtemp(join(tmpdir(), "annex-test-"));
});
afterAll(async () => {
  await rm(tmpdir(), { recursive: true });
  if (shared === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = shared;
});

function source(files: Record<string, string>, entry = "") {
  return {
    files: Object.entries(files).map(([path, text]) => ({
      path,
      content: Buffer.from(text),
    })),
    entry,
  };
}

function textOf(bundle: Bundle): string {
  return Buffer.from(bundle.content).toString();
}

/** What the bundle exports, run as the sandbox will: sloppy by itself, with modules from `sandboxRequire`. */
// oxlint-disable-next-line typescript/no-explicit-any -- each test looks into what it wrote itself
function exportsOf(bundle: Bundle): any {
  const module = { exports: {} };
  const parameters = ["exports", "require", "module", "__filename"];
  const script = vm.compileFunction(textOf(bundle), parameters);
  script.call(module.exports, module.exports, sandboxRequire, module);
  return module.exports;
}

function sandboxRequire(name: string): unknown {
  if (name === "left-pad") throw new Error(`no ${name} here`);
  return createRequire(import.meta.url)(name);
}

async function exported(files: Record<string, string>, entry?: string) {
  return exportsOf(await build(source(files, entry)));
}

async function entryOf(files: Record<string, string>, entry?: string) {
  return (await build(source(files, entry))).entry;
}

function refusal(
  files: Record<string, string>,
  entry?: string,
): Promise<unknown> {
  return build(source(files, entry)).then(
    () => "built",
    ({ code, message }) => `${code}: ${message}`,
  );
}

/** Where in the author's source a text of the bundle stands. */
function authorsPlaceOf(bundle: Bundle, needle: string) {
  const before = textOf(bundle).split(needle)[0] ?? "";
  const lines = before.split("\n");
  const map = new TraceMap(Buffer.from(bundle.sourceMap).toString());
  const {
    source: file,
    line,
    column,
  } = originalPositionFor(map, {
    line: lines.length,
    column: lines.at(-1)?.length ?? 0,
  });
  return { file, line, column };
}

describe("what can be built", () => {
  it("keeps a lone CommonJS file as its author wrote it", async () => {
    const text =
      "// greets\nmodule.exports = function (cb) {\n  cb(null, { hello: 'world' }); // so\n};\n";
    const bundle = await build(source({ "index.js": text }));
    expect(textOf(bundle)).toBe(text);
    expect(bundle).toMatchObject({ runtime: "2026.1", entry: "index.js" });
    expect(bundle.digest).toBe(createHash("sha256").update(text).digest("hex"));
  });

  it("keeps CommonJS sloppy, and makes ES modules strict", async () => {
    const isSloppy = "(function () { return this !== undefined; })()";
    expect(
      await exported({ "index.js": `module.exports = ${isSloppy};` }),
    ).toBe(true);
    expect(
      (await exported({ "index.mjs": `export default ${isSloppy};` })).default,
    ).toBe(false);
    const mixed = {
      "index.mjs": "import sloppy from './a.cjs'; export default sloppy;",
      "a.cjs": `module.exports = ${isSloppy};`,
    };
    expect((await exported(mixed)).default).toBe(true);
  });

  it("bundles ES modules with default and named exports", async () => {
    const module = await exported({
      "index.js":
        "import { two } from './lib/number.js';\nexport default () => two + 1;\nexport const name = 'x';",
      "lib/number.js": "export const two = 2;",
    });
    expect(module.default()).toBe(3);
    expect(module.name).toBe("x");
  });

  it("bundles TypeScript, and finds files by extension, index and the .js name of a .ts file", async () => {
    const module = await exported({
      "index.ts":
        "import { a } from './a'; import { b } from './b'; import { c } from './c.js';\nexport const sum: number = a + b + c;",
      "a.mts": "export const a: number = 1;",
      "b/index.ts": "export enum B { one = 1 }\nexport const b: B = B.one;",
      "c.ts": "export const c = 1 as const;",
    });
    expect(module.sum).toBe(3);
  });

  it("takes modules from the folder's own node_modules by Node's rules", async () => {
    const module = await exported({
      "index.js":
        "module.exports = [require('plain'), require('@scope/mapped/sub'), require('./deep/er')];",
      "deep/er.js": "module.exports = require('plain') + ' from below';",
      "node_modules/plain/package.json": '{"main": "lib/main"}',
      "node_modules/plain/lib/main.js": "module.exports = 'plain';",
      "node_modules/@scope/mapped/package.json":
        '{"exports": {"./sub": {"import": "./no.js", "require": "./yes.cjs"}}}',
      "node_modules/@scope/mapped/yes.cjs": "module.exports = 'mapped';",
    });
    expect(module).toEqual(["plain", "mapped", "plain from below"]);
  });

  it("gives Node's default export to modules that Node takes for ES modules", async () => {
    const files = {
      "package.json": '{"type": "module"}',
      "index.js":
        "import whole from 'old'; export const keys = Object.keys(whole);",
      "node_modules/old/package.json": "{}",
      "node_modules/old/index.js":
        "exports.__esModule = true; exports.default = 1; exports.other = 2;",
    };
    expect((await exported(files)).keys).toEqual([
      "__esModule",
      "default",
      "other",
    ]);
  });

  it("reads JSON, and leaves Node's builtins to the sandbox", async () => {
    const module = await exported({
      "index.js":
        "module.exports = { limit: require('./settings.json').limit, join: require('node:path').join('a', require('os').EOL) };",
      "settings.json": '{"limit": 7}',
    });
    expect(module).toEqual({ limit: 7, join: "a/\n" });
  });

  it("lets a missing optional module fail where it is tried", async () => {
    const module = await exported({
      "index.js":
        "require('./a'); try { require('left-pad'); } catch (error) { exports.said = error.message; }",
      "a.js": "",
    });
    expect(module.said).toBe("no left-pad here");
  });

  it("ignores webtask's first-line directives", async () => {
    expect(
      await exported({
        "index.js": "\"use npm\";\n'use latest';\nmodule.exports = 1;",
      }),
    ).toBe(1);
  });
});

describe("the entry", () => {
  it("is the given one, else the only file, package.json's main, or index", async () => {
    expect(await entryOf({ "a.js": "", "b.js": "" }, "./b.js")).toBe("b.js");
    expect(
      await entryOf({
        "hello.js": "",
        "package.json": "{}",
        "node_modules/x/index.js": "",
      }),
    ).toBe("hello.js");
    expect(
      await entryOf({
        "a.js": "",
        "b.js": "",
        "package.json": '{"main": "b"}',
      }),
    ).toBe("b.js");
    expect(await entryOf({ "a.js": "", "index.ts": "" })).toBe("index.ts");
  });

  it("is asked for where there is none", async () => {
    expect(await refusal({ "a.js": "", "b.js": "" })).toMatch(
      /^invalid: the source has no entry; name one/,
    );
    expect(await refusal({ "a.js": "", "main.js": "" }, "mian.js")).toBe(
      "invalid: the entry 'mian.js' is not among the source's own files; the nearest name is 'main.js'",
    );
    expect(await refusal({})).toMatch(/^invalid: the source has no files/);
  });
});

describe("what is large or deep", () => {
  it("takes no entry from node_modules", async () => {
    const files = { "a.js": "1", "b.js": "2", "node_modules/x/index.js": "3" };
    expect(await refusal(files, "node_modules/x/index.js")).toMatch(
      /^invalid: the entry 'node_modules\/x\/index\.js' is not among the source's own files/,
    );
    const main = '{"main": "node_modules/x/index.js"}';
    expect(await refusal({ ...files, "package.json": main })).toBe(
      "invalid: the entry 'node_modules/x/index.js' lies in node_modules; name a file of your own that imports it",
    );
  });

  it("leaves an entry above 1 MiB to esbuild", async () => {
    const text = `// gone\nmodule.exports = ${JSON.stringify("x".repeat(2 ** 20))}`;
    const bundle = await build(source({ "index.js": text }));
    expect(textOf(bundle)).not.toContain("// gone");
    expect(exportsOf(bundle)).toHaveLength(2 ** 20);
  });

  it("parses an entry once, and once more where it returns", async () => {
    const parse = scriptParser();
    const plain = parse("a;\n  b;");
    expect(plain).toMatchObject({ returns: false });
    expect(parse("a;\n  b;")).toBe(plain);
    expect(parse("return 1")).toMatchObject({ returns: true });
    expect(parse("import a from 'a'")).toBeUndefined();
  });

  it("refuses what is nested too deeply, and builds on", async () => {
    const deep = "(".repeat(2 ** 20);
    expect(await refusal({ "index.js": deep })).toBe(
      "invalid: 'index.js' is nested too deeply: it has more than 10000 brackets open at once",
    );
    // Brackets are not all that nests.
    const operators = `${"new ".repeat(260_000)}a`;
    expect(await refusal({ "index.js": operators })).toBe(
      "invalid: the source is nested too deeply",
    );
    expect(await entryOf({ "index.js": "1" })).toBe("index.js");
  }, 60_000);
});

describe("a return at the top level", () => {
  it("exports its value", async () => {
    expect(
      (await exported({ "task.js": "return function (cb) { cb(null, 1); };" }))
        .length,
    ).toBe(1);
    expect(
      await exported({
        "task.js": "#!/usr/bin/env node\nvar n = 2;\nreturn n;",
      }),
    ).toBe(2);
  });

  it("leaves module.exports alone where it returns nothing", async () => {
    expect(
      await exported({
        "task.js":
          "exports.a = this === exports; if (exports.a) return; exports.b = 1;",
      }),
    ).toEqual({ a: true });
  });

  it("keeps the author's lines, and the columns of the first one", async () => {
    const text =
      "var first = null; first;\n\nreturn function (cb) {\n  second();\n};";
    const bundle = await build(source({ "task.js": text }));
    expect(textOf(bundle).split("\n")[3]).toBe("  second();");
    expect(authorsPlaceOf(bundle, "first;")).toEqual({
      file: "task.js",
      line: 1,
      column: 18,
    });
    expect(authorsPlaceOf(bundle, "second")).toEqual({
      file: "task.js",
      line: 4,
      column: 2,
    });
  });

  it("works beside other files, at the author's place too", async () => {
    const text = "var a = require('./lib/a'); a;\nreturn a.value;";
    const bundle = await build(
      source(
        { "src/task.js": text, "src/lib/a.js": "exports.value = 5;" },
        "src/task.js",
      ),
    );
    expect(exportsOf(bundle)).toBe(5);
    expect(authorsPlaceOf(bundle, "a.value")).toEqual({
      file: "src/task.js",
      line: 2,
      column: 7,
    });
    expect(authorsPlaceOf(bundle, "a;\n")).toEqual({
      file: "src/task.js",
      line: 1,
      column: 28,
    });
  });

  it("is no syntax for an ES module", async () => {
    expect(
      await refusal({ "index.js": "export const a = 1;\nreturn a;" }),
    ).toMatch(/^invalid: index\.js:2:1: /);
  });
});

describe("what is refused", () => {
  it("says where a syntax error is, counting characters from one", async () => {
    expect(await refusal({ "index.js": "\nvar ä = 'öö'; var = 1;" })).toMatch(
      /^invalid: index\.js:2:19: expected identifier/,
    );
    expect(
      await refusal({
        "lib/a.ts": "const x: = 1;",
        "index.ts": "import './lib/a';",
      }),
    ).toMatch(/^invalid: lib\/a\.ts:1:10: unexpected "="/);
    expect(
      await refusal({ "index.js": "require('./a.json')", "a.json": "{ a }" }),
    ).toMatch(/^invalid: a\.json:1:3: /);
  });

  it("says which module is missing, where, and what to do", async () => {
    expect(
      await refusal({ "index.js": "\n\nconst pad = require('left-pad');" }),
    ).toMatch(
      /^invalid: index\.js:3:21: cannot find module 'left-pad'; publish a folder whose node_modules holds 'left-pad', or remove the import\n\n/,
    );
    expect(
      await refusal({ "index.js": "import '@a/b/c.js'; import 'x'" }),
    ).toMatch(/node_modules holds '@a\/b', .*\(and 1 more\)\n/);
    expect(await refusal({ "index.js": "require('./nowhere')" })).toMatch(
      /^invalid: index\.js:1:9: cannot find module '\.\/nowhere'; the source has no such file/,
    );
  });

  it("imports nothing but code and JSON, and nothing from the network", async () => {
    expect(
      await refusal({ "index.js": "require('./a.node')", "a.node": "" }),
    ).toMatch(/^invalid: .*\.node files are neither code nor JSON/);
    expect(
      await refusal({ "index.js": "import 'https://example.com/x.js'" }),
    ).toMatch(
      /^invalid: index\.js:1:8: cannot import 'https:.*from the network/,
    );
    expect(
      await refusal({
        "index.js": "import './a.css'",
        "a.css": "@import '/etc/passwd';",
      }),
    ).toMatch(/\.css files are neither/);
  });

  it.each([
    "../a.js",
    "/a.js",
    "a/../b.js",
    "./a.js",
    "a//b.js",
    "a\\b.js",
    "a\0.js",
    "",
    ".",
    "..",
    "a/",
    "x".repeat(600),
  ])("takes no path that is not plainly inside: %j", async (path) => {
    expect(await refusal({ "index.js": "", [path]: "" }, "index.js")).toMatch(
      /^invalid: '.*' is no path of a source file/,
    );
  });

  it("takes no path twice, and no file that is a folder too", async () => {
    const twice = build({
      files: [
        ...source({ "a.js": "1" }).files,
        ...source({ "a.js": "2" }).files,
      ],
      entry: "",
    });
    await expect(twice).rejects.toThrow("'a.js' is in the source twice");
    expect(await refusal({ "a/b.js": "", a: "" }, "a")).toBe(
      "invalid: 'a' is both a file and a folder of the source",
    );
  });

  it("ends a build at its limit, and when its caller gives up", async () => {
    const long = source({
      "index.js": `export default [${"(x) => ({ a: [x] }),".repeat(200_000)}]`,
    });
    await expect(build(long, { timeoutMs: 1 })).rejects.toThrow(
      /limit build_time of 1 ms/,
    );
    const given = build(long, { signal: AbortSignal.abort() });
    await expect(given).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("what lies outside of the source", () => {
  const outside = [
    "/etc/passwd",
    "/etc/hostname",
    "../../../../../../etc/passwd",
    "./../source/../../x",
    "file:///etc/passwd",
    "plain/../../../../../../etc/passwd",
    "//etc/passwd",
    "/etc",
    "..",
    "/nowhere/at/all",
  ];

  it.each(outside)(
    "cannot be imported, nor told from what does not exist: %s",
    async (specifier) => {
      for (const code of [
        `require('${specifier}')`,
        `import '${specifier}'`,
        `try { require('${specifier}') } catch {}`,
      ]) {
        const said = await refusal(
          { "index.js": code, "node_modules/plain/index.js": "" },
          "index.js",
        );
        expect(said).toMatch(
          /^invalid: index\.js:1:\d+: cannot (find module|import) '/,
        );
        expect(said).not.toMatch(/root:|annex-build/);
      }
    },
  );

  it.each(["main", "module"])(
    "is not reached through package.json's %s",
    async (field) => {
      for (const path of [
        "../../../../../../../etc/passwd",
        "/etc/passwd",
        "../../../nowhere",
        "x/../../../..",
      ]) {
        const said = await refusal(
          {
            "index.js": "require('evil')",
            "node_modules/evil/index.js": "",
            "node_modules/evil/package.json": JSON.stringify({ [field]: path }),
          },
          "index.js",
        );
        expect(said).toBe(
          `invalid: node_modules/evil/package.json: '${field}' leads outside of the source: '${path}'; name a file of the package`,
        );
      }
    },
  );

  it.each(["exports", "imports", "browser"])(
    "is not reached through package.json's %s",
    async (field) => {
      const keys = ["#x", ".", "./inside.js"];
      for (const path of [
        "../../../../../../../etc/passwd",
        "./../../../../../../../etc/passwd",
        "/etc/passwd",
        "file:///etc/passwd",
      ]) {
        for (const key of keys) {
          const said = await refusal(
            {
              "index.js": "require('evil'); require('evil/inside.js');",
              "node_modules/evil/index.js": "require('#x')",
              "node_modules/evil/inside.js": "",
              "node_modules/evil/package.json": JSON.stringify({
                [field]: { [key]: path },
              }),
            },
            "index.js",
          );
          expect(said).toMatch(
            /^invalid: (node_modules\/evil\/)?index\.js:1:\d+: cannot find module/,
          );
        }
      }
    },
  );

  it("is not read for a source map either", async () => {
    const bundle = await build(
      source(
        {
          "index.js":
            "require('./a'); exports.text = 'sourceMappingURL=x';\n//# sourceMappingURL=/proc/self/environ",
          "a.js":
            "/*# sourceMappingURL=../../../../../../etc/passwd */ exports.a = 1;\n//# sourceMappingURL=file:///etc/passwd",
        },
        "index.js",
      ),
    );
    expect(exportsOf(bundle).text).toBe("sourceMappingURL=x");
    expect(
      JSON.parse(Buffer.from(bundle.sourceMap).toString()).sources,
    ).toEqual(["a.js", "index.js"]);
  });

  it("decides nothing: no NODE_PATH, no tsconfig of the source's", async () => {
    process.env["NODE_PATH"] = `${process.cwd()}/node_modules`;
    const said = await refusal(
      {
        "index.ts": "import 'acorn'",
        "tsconfig.json": JSON.stringify({
          extends: "/etc/passwd",
          compilerOptions: { paths: { acorn: ["/etc/passwd"] } },
        }),
      },
      "index.ts",
    );
    delete process.env["NODE_PATH"];
    expect(said).toMatch(/cannot find module 'acorn'/);
  });
});

describe("a build", () => {
  const files = {
    "index.ts":
      "import { a } from './lib/a';\nimport b from 'b';\nexport default () => a + b;",
    "lib/a.ts": "export const a =\n  1;",
    "node_modules/b/index.js": "module.exports = 2;",
  };

  it("gives the same digest for the same files, whatever their order", async () => {
    const backwards = Object.fromEntries(Object.entries(files).toReversed());
    const [one, two] = [
      await build(source(files)),
      await build(source(backwards)),
    ];
    expect(two.digest).toBe(one.digest);
    expect(two.sourceMap).toEqual(one.sourceMap);
    const other = await build(
      source({ ...files, "lib/a.ts": "export const a = 3;" }),
    );
    expect(other.digest).not.toBe(one.digest);
  });

  it("has another digest where only its source map is another", async () => {
    const code = "export const one = 1;\n";
    const plain = await build(source({ "index.ts": code }));
    const moved = await build(source({ "index.ts": `// so\n\n${code}` }));
    expect(moved.sourceMap).not.toEqual(plain.sourceMap);
    expect(moved.digest).not.toBe(plain.digest);
    expect(exportsOf(moved).one).toBe(1);
  });

  it("maps to the author's files and lines, and carries no source", async () => {
    const bundle = await build(source(files));
    expect(authorsPlaceOf(bundle, "1;")).toEqual({
      file: "lib/a.ts",
      line: 2,
      column: 2,
    });
    expect(authorsPlaceOf(bundle, "a + ")).toMatchObject({
      file: "index.ts",
      line: 3,
    });
    const map = JSON.parse(Buffer.from(bundle.sourceMap).toString());
    expect(map.sourcesContent).toBeUndefined();
    expect(JSON.stringify(map) + textOf(bundle)).not.toContain("annex-build");
  });

  it("runs nothing of the source", async () => {
    const mark = "globalThis.annexBuildRan = true;";
    await build(
      source({
        "index.js": `${mark} require('./a'); throw new Error('ran');`,
        "a.js": mark,
      }),
    );
    expect("annexBuildRan" in globalThis).toBe(false);
  });

  it.skipIf(process.platform !== "linux")(
    "builds on after esbuild's process was killed",
    async () => {
      await build(source(files));
      const [pid] = await esbuildProcesses();
      process.kill(Number(pid), "SIGKILL");
      expect(await entryOf(files)).toBe("index.ts");
      expect(await entryOf(files)).toBe("index.ts");
    },
  );

  afterEach(async () => {
    expect(await readdir(tmpdir())).toEqual([]);
  });

  it("removes what killed builds have left, and no build under way", async () => {
    const stale = join(tmpdir(), "annex-build-stale");
    const fresh = join(tmpdir(), "annex-build-fresh");
    const other = join(tmpdir(), "of-somebody-else");
    for (const folder of [stale, fresh, other]) await mkdir(folder);
    const longAgo = new Date(Date.now() - 60 * 60 * 1000);
    await utimes(stale, longAgo, longAgo);
    await utimes(other, longAgo, longAgo);
    await removeStaleLayouts(Date.now);
    const left = await readdir(tmpdir());
    for (const folder of [fresh, other]) await rm(folder, { recursive: true });
    expect(left.toSorted()).toEqual(["annex-build-fresh", "of-somebody-else"]);
  });
});

/** The ids of this process's own children that are esbuild's. */
async function esbuildProcesses(): Promise<string[]> {
  const threads = await readdir("/proc/self/task");
  const lists = await Promise.all(
    threads.map((id) => readFile(`/proc/self/task/${id}/children`, "utf8")),
  );
  const children = lists.flatMap((list) => list.split(" ").filter(Boolean));
  const commands = await Promise.all(
    children.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8")),
  );
  return children.filter((_, at) => commands[at]?.includes("esbuild"));
}
