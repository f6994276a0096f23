/**
 * What stands before a bundle that asks who and where it is: a `module` for each file of the author's, `require.main`,
 * `require.resolve` and `import.meta` under the author's names. It is part of the bundle, so that a bundle means the same
 * whatever a later runtime does.
 */
import path from "node:path";
import { pathToFileURL } from "node:url";
import { transform, type Metafile } from "esbuild";
import { askedFiles } from "./asked-files.ts";
import { linkFiles, type Linkage } from "./link-files.ts";
import type { MappedScript } from "./script.ts";
import { isOwnFile } from "./source.ts";

/** esbuild's own names for what Node has: the prelude's `module` answers them for the file they stand in. */
export const preludeDefines = {
  __filename: "module.filename",
  __dirname: "module.path",
  "require.resolve": "module.$resolve",
  "import.meta": "$annexMeta",
} as const;

/** The file name under which code sees a file of the source. */
export function fileNameOf(name: string): string {
  return `/${name}`;
}

/** Whether a script asks for anything that the prelude gives. */
export function needsPrelude(code: string): boolean {
  return /\b__commonJS\b|\$annex|\brequire\b(?!\(\s*["'])|\bmodule2?\.(?!exports\b)|\bmodule2?\b(?!\s*[.:=])|\b__(?:file|dir)name\b/.test(
    code,
  );
}

/** One line of script. `files` are all there are, bundled or not. */
export async function preludeFor(
  entry: string,
  {
    inputs,
    files,
  }: { inputs: Metafile["inputs"]; files: ReadonlyMap<string, string> },
): Promise<string> {
  const bundled = Object.keys(inputs);
  const own = [...files.keys()].filter(isOwnFile);
  const asked = askedFiles(bundled, files);
  const names = new Set([...bundled, ...own, ...asked.names]);
  const linkage: Linkage = {
    entry: fileNameOf(entry),
    files: [...names].toSorted().map(fileNameOf),
    packages: { ...asked.packages, ...packagesOf(inputs) },
  };
  const text = `var $annex = (${linkFiles.toString()})(require, module, ${JSON.stringify(linkage)}), require = $annex.require, __filename = ${JSON.stringify(linkage.entry)}, __dirname = ${JSON.stringify(path.posix.dirname(linkage.entry))};`;
  const { code } = await transform(text, {
    minifyWhitespace: true,
    minifySyntax: true,
    // Which may hold line breaks.
    supported: { "template-literal": false },
    target: "esnext",
    charset: "utf8",
  });
  return code.trim();
}

/** Names that a file imports its `import.meta` by. */
export const importMetaNames = /^annex:meta\//;

/** The name that a file imports its `import.meta` by. */
export function importMetaName(name: string): string {
  return `annex:meta/${name}`;
}

/** The module that a file's `import.meta` comes from. */
export function importMetaModule(name: string): string {
  const url = pathToFileURL(fileNameOf(name)).href;
  return `export default $annex.meta(${JSON.stringify(fileNameOf(name))}, ${JSON.stringify(url)});`;
}

/** The script with a line of prelude before it. */
export function behind(prelude: string, script: MappedScript): MappedScript {
  const [directive = ""] = /^"use strict"; /.exec(script.code) ?? [];
  const { mappings, ...rest }: { mappings: string } = JSON.parse(script.map);
  return {
    code: `${directive}${prelude}\n${script.code.slice(directive.length)}`,
    map: JSON.stringify({ ...rest, mappings: `;${mappings}` }),
  };
}

/** esbuild's helpers that load files, in the prelude's words; as long as they were, so that no line moves. */
export function withPreludesModules(code: string): string {
  return helpers.reduce(withOwnHelper, code);
}

interface Helper {
  name: string;
  /** How esbuild writes it. Its parameters' names change where a file has them too. */
  text: RegExp;
  own: string;
}

const helpers: readonly Helper[] = [
  {
    name: "__commonJS",
    text: /^var __commonJS = \(\w+, \w+\) => function \w+\(\) \{\n(?:.*\n){5}\};$/m,
    own: "var __commonJS = (cb) => $annex.file(cb, __getOwnPropNames(cb)[0]);",
  },
  {
    name: "__glob",
    text: /^var __glob = \(\w+\) => \(\w+\) => \{\n(?:.*\n){3}\};$/m,
    own: "var __glob = $annex.computed;",
  },
];

function withOwnHelper(code: string, { name, text, own }: Helper): string {
  if (!new RegExp(`^var ${name} = `, "m").test(code)) return code;
  const [found] = text.exec(code) ?? [];
  if (found === undefined) throw new Error(`esbuild writes ${name} otherwise`);
  const lines = found.split("\n").length - 1;
  return code.replace(text, () => `${own}${"\n".repeat(lines)}`);
}

function packagesOf(inputs: Metafile["inputs"]): Record<string, string> {
  const imports = Object.values(inputs).flatMap((input) => input.imports);
  const bare = imports.flatMap(({ original, path: name, external }) =>
    original === undefined ||
    external ||
    /^([./]|annex:)/.test(original) ||
    name.startsWith("annex:")
      ? []
      : [[original, fileNameOf(name)] as const],
  );
  return Object.fromEntries(bare);
}
