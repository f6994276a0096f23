/** Files that packages ask `require.resolve` for by their names, without requiring them: workers, settings, package.json. */
import path from "node:path";

/** What is found of them in the source: the file names, and packages by the name they are asked for. */
export interface AskedFiles {
  names: string[];
  packages: Record<string, string>;
}

const asking = /\brequire\s*\.\s*resolve\(\s*(["'])([^"'\\\n]+)\1/g;

const endings = ["", ".js", ".json", ".cjs", ".mjs", "/index.js"];

/** Looks through the bundled files. */
export function askedFiles(
  bundled: string[],
  files: ReadonlyMap<string, string>,
): AskedFiles {
  const names = new Set<string>();
  const packages: Record<string, string> = {};
  const at = (name: string) =>
    endings.map((ending) => name + ending).find((one) => files.has(one));
  for (const asker of bundled) {
    for (const [, , asked = ""] of (files.get(asker) ?? "").matchAll(asking)) {
      const folder = path.posix.dirname(asker);
      const target = /^\.\.?(\/|$)/.test(asked)
        ? at(path.posix.join(folder, asked))
        : foldersAbove(folder)
            .map((one) => path.posix.join(one, "node_modules", asked))
            .map((one) => at(one) ?? at(mainOf(one, files)))
            .find(Boolean);
      if (target === undefined) continue;
      names.add(target);
      if (!asked.startsWith(".")) packages[asked] = `/${target}`;
    }
  }
  return { names: [...names], packages };
}

function foldersAbove(folder: string): string[] {
  const above = [folder];
  for (let one = folder; one !== ".";) {
    one = path.posix.dirname(one);
    above.push(one);
  }
  return above;
}

function mainOf(folder: string, files: ReadonlyMap<string, string>): string {
  const described = files.get(`${folder}/package.json`) ?? "";
  const [, main = "index"] = /"main"\s*:\s*"([^"]+)"/.exec(described) ?? [];
  return path.posix.join(folder, main);
}
