/**
 * The scripts of the library, by their names in it: Node's modules that the surface stands on, our bindings and the
 * modules that stand in for Node's, and the facts of bindings. Each is one expression, minified.
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { transform, build, type BuildOptions } from "esbuild";
import { packageSources } from "./packages.ts";
import { newContextPrefix } from "../runtime/node/new-context-prefix.ts";
import { webModules } from "../runtime/web-globals.ts";
import { readNatives, type Natives } from "./natives.ts";

const runtimeFolder = join(import.meta.dirname, "../runtime/node");

/** Parts of Node's library that nothing of the surface comes to run, though modules of it name them. */
const unused =
  /^internal\/(bootstrap|main|test|test_runner|bench_runner|debugger|repl(?!\/history)|vfs|quic|dtls|ffi|watch_mode|modules\/esm(?!\/(resolve|get_format)$)|modules\/run_main|process\/pre_execution|deps\/(acorn|amaro))(\/|$)/;

/** Those that go on calling what a program gave them after an `await`, at a native one of which its AsyncLocalStorage is lost. */
const lowered =
  /^(internal\/streams\/(compose|duplexify|from|operators|pipeline)|stream\/consumers)$/;

/** All scripts of the library by name. */
export async function librarySources(
  common: BuildOptions,
): Promise<Map<string, string>> {
  const natives = await readNatives();
  const bindings = await ownScripts("bindings", "binding:", common);
  const modules = await ownScripts("modules", "module:", common);
  const contexts = await ownScripts("contexts", newContextPrefix, common);
  const publicNames = natives.builtins.map((id) => id.replace(/^node:/, ""));
  const scripts = new Map<string, string>([
    ...bindings,
    ...modules,
    ...contexts,
    ...(await packageSources(common)),
  ]);
  const named = namedIn(scripts.values());
  const facts = {
    ...natives.facts,
    public_modules: Object.fromEntries(
      publicNames.map((id) => [
        id,
        { hasScheme: !natives.builtins.includes(id) },
      ]),
    ),
    node: {
      version: natives.version,
      versions: natives.versions,
      release: natives.release,
    },
    environment_flags: natives.flags,
    ...Object.fromEntries(
      Object.entries(natives.members).map(([name, members]) => [
        `members:${name}`,
        members,
      ]),
    ),
  };
  for (const [name, data] of Object.entries(facts))
    scripts.set(
      `facts:${name}`,
      `(function () { return ${JSON.stringify(data).replaceAll('"number:Infinity"', "Infinity")}; })`,
    );
  const replaced = new Set(
    modules.map(([name]) => name.slice("module:".length)),
  );
  const roots = [...publicNames, ...webModules, ...named];
  const ids = closure(natives, roots, replaced);
  await Promise.all(
    [...ids].map(async (id) =>
      scripts.set(
        id,
        await minified(
          wrapped(id, natives.sources[id] ?? ""),
          lowered.test(id),
        ),
      ),
    ),
  );
  return scripts;
}

/** Modules of Node's library that scripts of ours, and the runtime's console, come to require. */
function namedIn(scripts: Iterable<string>): string[] {
  const named = ["internal/console/constructor"];
  for (const text of scripts)
    for (const [, id = ""] of text.matchAll(/"(internal\/[a-z_/\d]+)"/g))
      named.push(id);
  return named;
}

/** What is evaluated before any module. */
const perContext = [
  "internal/per_context/primordials",
  "internal/per_context/domexception",
  "internal/per_context/messageport",
];

/** The modules that these need, themselves included, without those that ours replace. */
function closure(
  { sources }: Natives,
  roots: readonly string[],
  replaced: ReadonlySet<string>,
): Set<string> {
  const found = new Set<string>(perContext);
  const left = [...roots];
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (found.has(id) || replaced.has(id) || !(id in sources)) continue;
    if (unused.test(id)) continue;
    found.add(id);
    for (const [, needed = ""] of (sources[id] ?? "").matchAll(
      /\b(?:require\(|defineLazyProperties\(\s*[\w.]+,\s*)'([^']+)'/g,
    ))
      left.push(needed);
  }
  return found;
}

function wrapped(id: string, source: string): string {
  const parameters = perContext.includes(id)
    ? "exports, primordials, privateSymbols, perIsolateSymbols"
    : "exports, require, module, process, internalBinding, primordials";
  return `(function (${parameters}) {${source}\n})`;
}

async function minified(
  expression: string,
  isLowered = false,
): Promise<string> {
  // As an expression alone it would be of no effect, and dropped.
  const { code } = await transform(`value=${expression}`, {
    // Not its syntax: functions would lose the names that programs and stacks know them by.
    minifyWhitespace: true,
    charset: "ascii",
    legalComments: "none",
    target: "esnext",
    ...(isLowered && { supported: withoutAwait }),
  });
  const start = code.indexOf("value=(function");
  const helpers = code.slice(0, start);
  const text = code
    .slice(start + "value=".length)
    .trimEnd()
    .replace(/;$/, "");
  // What lowering adds has names of its own that must differ.
  return isLowered
    ? `(() => {${helpers}return ${text};})()`
    : withOwnNames(text, expression);
}

/** As the build lowers a program's (controlplane/build/lower.ts). */
const withoutAwait = {
  "async-await": false,
  "async-generator": false,
  "for-await": false,
};

/**
 * esbuild gives what shadows an outer name another, and so a function or a class is called what Node's is not. A word with
 * digits behind it that is none of the source's is such a name; where it shadows it can keep its own.
 */
function withOwnNames(text: string, source: string): string {
  const words = new Set(source.match(/[\w$]+/g));
  return text.replace(
    /(?<![\\\w$])([A-Za-z_$][\w$]*?)\d+(?![\w$])/g,
    (word, own: string) => (words.has(word) || !words.has(own) ? word : own),
  );
}

const exportedNames = {
  bindings: "createBinding",
  modules: "createModule",
  contexts: "openContext",
} as const;

/** `bindings/tcp-wrap.ts` is the binding `tcp_wrap`; `modules/internal/timers.ts` is the module of that id. */
async function ownScripts(
  folder: keyof typeof exportedNames,
  prefix: string,
  common: BuildOptions,
): Promise<[name: string, text: string][]> {
  const root = join(runtimeFolder, folder);
  if (!existsSync(root)) return [];
  const files = (
    await readdir(root, { recursive: true, encoding: "utf8" })
  ).filter((file) => file.endsWith(".ts"));
  return await Promise.all(
    files.toSorted().map(async (file): Promise<[string, string]> => {
      const stem = file.slice(0, -".ts".length);
      const name = folder === "bindings" ? stem.replaceAll("-", "_") : stem;
      const text = await bundled(join(root, file), common);
      return [
        prefix + name,
        `(() => {${text}\nreturn made.${exportedNames[folder]};})()`,
      ];
    }),
  );
}

async function bundled(file: string, common: BuildOptions): Promise<string> {
  const result = await build({
    ...common,
    entryPoints: [file],
    platform: "browser",
    format: "iife",
    globalName: "made",
    target: "esnext",
    charset: "ascii",
    write: false,
  });
  const [output] = result.outputFiles ?? [];
  if (!output) throw new Error(`esbuild gave nothing for ${file}`);
  return output.text;
}
