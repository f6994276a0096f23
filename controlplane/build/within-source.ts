/**
 * Keeps esbuild inside the source. Contents are served from memory only, so nothing else can be read whatever the resolver
 * finds; imports that lead outside are refused as not found, so that nobody learns what lies there.
 */
import { isBuiltin } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type {
  Loader,
  OnResolveArgs,
  PartialMessage,
  Plugin,
  PluginBuild,
} from "esbuild";
import { mayBeAbsent } from "./absent.ts";
import { withCreatedRequires } from "./created-requires.ts";
import type { Plan } from "./plan.ts";
import { importMetaModule, importMetaNames } from "./prelude.ts";
import { withReturnAsExport, type ParseScript } from "./script.ts";
import { isOwnFile } from "./source.ts";

/** What is bundled. */
interface Within {
  root: string;
  files: ReadonlyMap<string, string>;
  parseScript: ParseScript;
  plan: Plan;
}

/** Of the modules that no author wrote. */
export const ownNamespace = "annex";

/** The plugin for a source that is laid out at `root`. */
export function withinSource({
  root,
  files,
  parseScript,
  plan,
}: Within): Plugin {
  return {
    name: "within-source",
    setup(build) {
      let entry: string | undefined;
      // Everything else is left to esbuild, which also knows where a missing module is optional.
      build.onResolve({ filter: /^(\/|file:|https?:)|\.\./ }, (args) => {
        const errors = refusalOf(args, root);
        return errors.length === 0 ? undefined : { errors };
      });
      addOwnModules(build, plan);
      leaveAbsent(build, plan);
      build.onLoad({ filter: /.*/, namespace: "file" }, (args) => {
        entry ??= args.path; // nothing else can be asked for before it is read
        const name = path.relative(root, args.path);
        const text = files.get(name);
        if (text === undefined) return { errors: [{ text: foundElsewhere }] };
        if (args.path === entry && !isOwnFile(name))
          return { errors: [{ text: entryElsewhere(name) }] };
        const loader = loaders[path.extname(name)];
        if (loader === undefined)
          return isOwnFile(name)
            ? { errors: [{ text: noLoader(name) }] }
            : { loader: "js", contents: thrower(name) };
        if (loader !== "text" && isTooDeep(text))
          return { errors: [{ text: tooDeep(name) }] };
        const data = loader === "json" ? asParsed(text) : undefined;
        if (data !== undefined) return { loader: "js", contents: data };
        const safe = withCreatedRequires(withoutMapFile(text));
        const mayReturn = loader === "js" && args.path === entry;
        const contents = mayReturn ? exporting(name, safe, parseScript) : safe;
        const ending = plan.endings.get(name) ?? "";
        return { loader, contents: contents + ending };
      });
    },
  };
}

/** Modules of ours: what a file's `import.meta` is, and builtins that an ES module imports where nothing else may stay an import. */
function addOwnModules(build: PluginBuild, { isAsync }: Plan): void {
  const namespace = ownNamespace;
  build.onResolve({ filter: importMetaNames }, (args) => ({
    path: args.path.slice(namespace.length + 1),
    namespace,
  }));
  build.onLoad({ filter: /^meta\//, namespace }, (args) => ({
    contents: importMetaModule(args.path.slice("meta/".length)),
  }));
  if (!isAsync) return;
  const filter = /^(node:|[a-z])/;
  build.onResolve({ filter, namespace: "file" }, (args) =>
    isBuiltin(args.path) && args.kind !== "require-call"
      ? { path: args.path, namespace }
      : undefined,
  );
  build.onResolve({ filter, namespace }, (args) => ({
    path: args.path,
    external: true,
  }));
  build.onLoad({ filter, namespace }, (args) => ({
    contents: `module.exports = require(${JSON.stringify(args.path)});`,
  }));
}

/** Stays a `require`, which throws as Node's does when it is reached. */
function leaveAbsent(build: PluginBuild, { absent }: Plan): void {
  if (absent.size === 0) return;
  build.onResolve({ filter: /.*/, namespace: "file" }, (args) =>
    absent.has(args.path) && mayBeAbsent(args)
      ? { path: args.path, external: true }
      : undefined,
  );
}

/** Shorter data stays an object of the script's, of which esbuild leaves out what nobody imports. */
const maxObjectChars = 8 * 1024;

/** Data as a text to parse: far shorter than an object with its lines and their places, and read sooner. */
function asParsed(text: string): string | undefined {
  if (text.length <= maxObjectChars) return undefined;
  try {
    const compact = JSON.stringify(JSON.parse(text));
    return `module.exports = JSON.parse(${JSON.stringify(compact)});`;
  } catch {
    return undefined; // esbuild says where it is no JSON
  }
}

/** Packages that hold native code often have another way, and some name a whole folder with all that lies in it. */
function thrower(name: string): string {
  const [code, why] =
    path.extname(name) === ".node"
      ? [
          "ERR_DLOPEN_FAILED",
          "is native code, which cannot be loaded in the sandbox",
        ]
      : ["ERR_UNKNOWN_FILE_EXTENSION", "is neither code nor JSON"];
  const message = JSON.stringify(`'${name}' ${why}`);
  return `throw Object.assign(new Error(${message}), { code: "${code}" });`;
}

function refusalOf(args: OnResolveArgs, root: string): PartialMessage[] {
  if (/^(https?:)?\/\//.test(args.path)) {
    return [
      {
        text: `cannot import '${args.path}' from the network; put the module into the source`,
      },
    ];
  }
  if (!leadsOutside(args, root)) return [];
  // In esbuild's words, so that it reads like anything else that is missing (refusal.ts).
  return [{ text: `Could not resolve ${JSON.stringify(args.path)}` }];
}

/** By the text alone, so that the disk outside is not even asked. */
function leadsOutside(
  { path: specifier, resolveDir }: OnResolveArgs,
  root: string,
): boolean {
  if (specifier.startsWith("file:")) return leadsOutsideByUrl(specifier, root);
  if (/^\.{0,2}(\/|$)/.test(specifier)) {
    const target = path.resolve(resolveDir, specifier);
    return target !== root && !isWithin(root, target);
  }
  return specifier.split(/[\\/]/).includes("..");
}

function leadsOutsideByUrl(url: string, root: string): boolean {
  try {
    return !isWithin(root, fileURLToPath(url));
  } catch {
    return true;
  }
}

function isWithin(root: string, target: string): boolean {
  return target.startsWith(root + path.sep);
}

// The resolver went up past the source, into a node_modules of this machine's.
const foundElsewhere =
  "cannot find this module in the source; add it to the source's node_modules";

const loaders: Record<string, Loader> = {
  "": "js",
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
  ".jsx": "jsx",
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".json": "json",
  ".txt": "text",
};

function noLoader(name: string): string {
  const known = Object.keys(loaders).filter(Boolean).join(" ");
  return `cannot import '${name}': ${path.extname(name)} files are neither code nor JSON; ${known} can be imported`;
}

function entryElsewhere(name: string): string {
  return `the entry '${name}' lies in node_modules; name a file of your own that imports it`;
}

/** esbuild ends its process on what is nested a hundred times deeper. */
export const maxNestedBrackets = 10_000;

/** By the brackets alone, wherever they stand: no text that a person or a tool wrote leaves so many open. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[()[\]{}]/g)) {
    depth += "([{".includes(bracket) ? 1 : -1;
    if (depth > maxNestedBrackets) return true;
  }
  return false;
}

function tooDeep(name: string): string {
  return `'${name}' is nested too deeply: it has more than ${maxNestedBrackets} brackets open at once`;
}

function exporting(
  name: string,
  text: string,
  parseScript: ParseScript,
): string {
  const parsed = parseScript(text);
  if (!parsed?.returns) return text;
  const { code, map } = withReturnAsExport(path.basename(name), text, parsed);
  const url = `data:application/json;base64,${Buffer.from(map).toString("base64")}`;
  return `${code}\n//# sourceMappingURL=${url}`;
}

/**
 * esbuild reads the file that a sourceMappingURL comment names from the disk, wherever it lies. An escape makes it no such
 * comment, and means the same where the words stand in a string, a regular expression or a name.
 */
function withoutMapFile(text: string): string {
  return text.replaceAll(
    /sourceMappingURL=(?!data:)/g,
    "sourceMappingUR\\u004C=",
  );
}
