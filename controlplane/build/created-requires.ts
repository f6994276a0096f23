/**
 * `const require = createRequire(import.meta.url)`, by which ES modules come to CommonJS and to JSON. What it asks for by its
 * name is in the source, so its calls are made those of `require` itself, which esbuild follows.
 */
import { isBuiltin } from "node:module";

/** A text whose created requires are plain ones; every line keeps its number. */
export function withCreatedRequires(text: string): string {
  if (!text.includes("createRequire")) return text;
  return [...text.matchAll(creation)].reduce(
    (plain, [, name = ""]) =>
      name === "require" ? withoutOwn(plain) : withCallsOf(name, plain),
    text,
  );
}

/** From where the file itself lies; what is asked for elsewhere is not known. */
const creation =
  /(?:^|;)[ \t]*(?:const|let|var)\s+([\w$]+)\s*=\s*(?:[\w$]+\.)?createRequire\s*\((?=[^\n;]*(?:\bimport\.meta\b|\b__filename\b))/gm;

/** Under another name, of the same length, it hides `require` no longer. */
function withoutOwn(text: string): string {
  return text.replaceAll(creation, (found, name) =>
    name === "require" ? found.replace(/\brequire\b/, "r$$quire") : found,
  );
}

function withCallsOf(name: string, text: string): string {
  const calls = new RegExp(
    `(?<![\\w$.])${name.replaceAll("$", "\\$")}\\((?=(["'])([^"'\\\\\\n]+)\\1\\))`,
    "g",
  );
  return text.replaceAll(calls, (found, _, specifier: string) =>
    isBuiltin(specifier) ? found : "require(",
  );
}
