/**
 * Sloppy and strict code in one script. CommonJS is sloppy unless it says otherwise and ES modules are strict; esbuild puts
 * both into one scope. Here the parts of ES modules go into a strict function inside the sloppy script. What the sloppy part
 * names of them is declared outside. A script with a top-level `await` gets an asynchronous function instead.
 */
import path from "node:path";
import {
  parseExpressionAt,
  type AnyNode,
  type ArrowFunctionExpression,
  type Comment,
  type Statement,
} from "acorn";
import type { Metafile } from "esbuild";
import { collectNames, declaredBy } from "./declared-names.ts";
import {
  linesOf,
  ownLine,
  scriptOf,
  withEdits,
  type MappedLine,
} from "./mapped-lines.ts";
import type { MappedScript } from "./script.ts";

type Inputs = Metafile["inputs"];

/** Which of a bundle's files are strict, and which are sloppy. Data is neither. */
export function modesOf(inputs: Inputs): {
  strict: ReadonlySet<string>;
  sloppy: ReadonlySet<string>;
} {
  const code = Object.entries(inputs).filter(
    ([name]) => ![".json", ".txt"].includes(path.extname(name)),
  );
  const isStrict = ([, { format, imports }]: (typeof code)[number]) =>
    format === "esm" ||
    imports.some(
      // esbuild's own helpers are imported too.
      ({ kind, path: from }) =>
        kind === "import-statement" && from !== "<runtime>",
    );
  return {
    strict: new Set(code.filter(isStrict).map(([name]) => name)),
    sloppy: new Set(code.filter((one) => !isStrict(one)).map(([name]) => name)),
  };
}

/** The bundle with each file in its own mode. `isAsync`: esbuild made an ES module of it, for its top-level `await`. */
export function inOwnModes(
  script: MappedScript,
  { inputs, isAsync }: { inputs: Inputs; isAsync: boolean },
): MappedScript {
  const { strict, sloppy } = modesOf(inputs);
  if (isAsync) return separated(script, { sloppy, isAsync });
  if (strict.size === 0) return script;
  // The first line is a comment or a helper of esbuild's: the source map has nothing on it that could move.
  if (sloppy.size === 0)
    return { ...script, code: `"use strict"; ${script.code}` };
  return separated(script, { sloppy, isAsync });
}

interface Modes {
  sloppy: ReadonlySet<string>;
  isAsync: boolean;
}

function separated(script: MappedScript, modes: Modes): MappedScript {
  const { code, tail } = modes.isAsync
    ? withoutExports(script.code)
    : { code: script.code, tail: "" };
  const { outside, strict, after } = partsOf(code, modes);
  const { lines, sources } = linesOf({ code, map: script.map });
  const linesIn = (parts: Part[]) =>
    parts.flatMap(({ from, to }) => lines.slice(from, to));
  const shared = sharedNames(strict, [...outside, ...after]);
  const functions = shareOut(lines, strict, shared);
  const [open, close] = modes.isAsync
    ? ["return (async function () {", "})();"]
    : ["(function () {", "})();"];
  const names = [...shared].join(", ");
  return scriptOf({
    sources,
    lines: [
      ...linesIn(outside),
      ...(names === "" ? [] : [ownLine(`var ${names};`)]),
      ownLine(`${open} "use strict"; ${functions.join(" ")}`),
      ...linesIn(strict),
      ...(tail === "" ? [] : [ownLine(tail)]),
      ownLine(close),
      ...linesIn(after),
      ownLine(""),
    ],
  });
}

/** Lines of the script from one statement's end to the next's. */
interface Part {
  node: AnyNode;
  from: number;
  to: number;
}

/**
 * `outside`: esbuild's helpers and its wrappers of sloppy files; `after`: other sloppy code, which is the entry's and so the
 * last; `strict`: the rest.
 */
function partsOf(code: string, { sloppy, isAsync }: Modes) {
  const { body, headings, shift } = parsed(code, isAsync);
  const lineAt = lineFinder(code);
  const parts: Record<"outside" | "strict" | "after", Part[]> = {
    outside: [],
    strict: [],
    after: [],
  };
  let from = 0;
  for (const node of body) {
    const heading = headings.findLast(({ start }) => start < node.start);
    const to = lineAt(node.end - shift) + 1;
    const isSloppy = sloppy.has(heading?.value.trim() ?? "");
    const where =
      heading === undefined || (isSloppy && isWrapper(node))
        ? "outside"
        : isSloppy
          ? "after"
          : "strict";
    parts[where].push({ node, from, to });
    from = to;
  }
  return parts;
}

/** The statements, and esbuild's comments that say which file follows: the only ones that begin a line. */
function parsed(
  code: string,
  isAsync: boolean,
): { body: Statement[]; headings: Comment[]; shift: number } {
  const comments: Comment[] = [];
  // As the body of a function, which is what it will be.
  const before = isAsync ? "async () => {" : "() => {";
  const { body } = parseExpressionAt(`${before}\n${code}\n}`, 0, {
    ecmaVersion: "latest",
    onComment: comments,
  }) as ArrowFunctionExpression; // for that is what stands there
  if (body.type !== "BlockStatement") throw new Error("no body was parsed");
  const shift = before.length + 1;
  const headings = comments.filter(
    ({ type, start }) => type === "Line" && isLineStart(code, start - shift),
  );
  return { body: body.body, headings, shift };
}

function isLineStart(code: string, offset: number): boolean {
  return offset === 0 || code[offset - 1] === "\n";
}

function lineFinder(code: string): (offset: number) => number {
  let line = 0;
  let at = 0;
  return (offset) => {
    for (;;) {
      const end = code.indexOf("\n", at);
      if (end === -1 || end >= offset) return line;
      line += 1;
      at = end + 1;
    }
  };
}

function isWrapper(node: AnyNode): boolean {
  if (node.type !== "VariableDeclaration") return false;
  const init = node.declarations[0]?.init;
  return (
    init?.type === "CallExpression" &&
    init.callee.type === "Identifier" &&
    init.callee.name === "__commonJS"
  );
}

/** The names that strict parts declare and others may mean, and those declared together with them. */
function sharedNames(strict: Part[], others: Part[]): ReadonlySet<string> {
  const used = new Set<string>();
  for (const { node } of others) collectNames(node, used);
  const shared = new Set<string>();
  for (const { node } of strict) {
    const declared = declaredBy(node);
    if (declared.some((name) => used.has(name)))
      for (const name of declared) shared.add(name);
  }
  return shared;
}

/** Makes strict declarations of shared names assignments to the names outside; functions are assigned before anything runs. */
function shareOut(
  lines: MappedLine[],
  strict: Part[],
  shared: ReadonlySet<string>,
): string[] {
  const functions: string[] = [];
  for (const { node, to, from } of strict) {
    const names = declaredBy(node).filter((name) => shared.has(name));
    if (names.length === 0) continue;
    // Comments and empty lines stand before it.
    let at = from;
    while (at < to && !/^(?!\/\/)\S/.test(lines[at]?.text ?? "")) at += 1;
    const line = lines[at];
    if (!line) continue;
    if (node.type === "FunctionDeclaration" && node.id) {
      const { name, end } = node.id;
      const column = end - node.start;
      lines[at] = withEdits(line, [{ column, length: 0, text: "$strict" }]);
      functions.push(
        `${name} = Object.defineProperty(${name}$strict, "name", { value: ${JSON.stringify(name)}, configurable: true });`,
      );
    } else {
      // As wide as the keyword, so that no column moves; a pattern may not begin a statement.
      const text = line.text.replace(/^(?:var|let|const) /, (keyword) =>
        "0,".padEnd(keyword.length),
      );
      lines[at] = { ...line, text };
    }
  }
  return functions;
}

/** esbuild's exports of an ES module stand last: taken off, and told in the words of CommonJS. */
function withoutExports(code: string): { code: string; tail: string } {
  const start = code.lastIndexOf("\nexport ") + 1;
  if (start === 0) return { code, tail: "" };
  const said = code.slice(start);
  const [, whole] = /^export default (.*);\n$/.exec(said) ?? [];
  const getters = [...said.matchAll(/^ {2}(\S+?)(?: as (.+?))?,?$/gm)].map(
    ([, local = "", name = local]) =>
      `${name.startsWith('"') ? name : JSON.stringify(name)}: () => ${local}`,
  );
  const exported = whole ?? `$annex.exporting({ ${getters.join(", ")} })`;
  return { code: code.slice(0, start), tail: `module.exports = ${exported};` };
}
