/**
 * The top level of files that are not wrapped, ES modules: all of a bundle's are in one scope, so that two of one name cannot
 * both have it back. What they name is told it instead.
 */
import { parse, type AnyNode, type Position, type Program } from "acorn";
import { naming } from "./class-names.ts";
import { declaredBy, eachNode, foreignTo } from "./declared-names.ts";
import type { MappedLines } from "./mapped-lines.ts";
import { isPutBack, type Changes, type RenamedFile } from "./renamed.ts";

/** What a file shares with others. */
export interface TopLevel {
  /** The names it declares there. */
  names: ReadonlySet<string>;
  /** Those that it has from elsewhere. */
  foreign: ReadonlySet<string>;
}

/** Of a file that shares nothing, as CommonJS does not. */
export const nothingShared: TopLevel = {
  names: new Set(),
  foreign: new Set(),
};

/** A file's top level; undefined where it cannot be told. */
export function topLevelOf(
  { lines }: MappedLines,
  file: RenamedFile,
  changes: Changes,
): TopLevel | undefined {
  const isHeading = (at: number) => lines[at]?.text.startsWith("// ");
  let { from, to } = file;
  while (from > 0 && !isHeading(from)) from -= 1;
  while (to < lines.length && !isHeading(to)) to += 1;
  const texts = lines.slice(from, to).map(({ text }) => text);
  const program = parsed(texts.join("\n"));
  if (!program) return undefined;
  const names = new Set(program.body.flatMap((node) => declaredBy(node)));
  tellNames(program, { file, names, from }, changes);
  return { names, foreign: foreignTo(program) };
}

function parsed(text: string): Program | undefined {
  try {
    return parse(text, {
      ecmaVersion: "latest",
      allowAwaitOutsideFunction: true,
      allowImportExportEverywhere: true,
      allowReturnOutsideFunction: true,
      locations: true,
    });
  } catch {
    return undefined; // a text in it looked like where another file begins
  }
}

/** Tells functions and classes their names that cannot have them. */
function tellNames(
  program: Program,
  top: { file: RenamedFile; names: ReadonlySet<string>; from: number },
  changes: Changes,
): void {
  const { file, names, from } = top;
  const nameOf = (node: AnyNode | null | undefined) => {
    if (node?.type !== "Identifier" || !names.has(node.name)) return undefined;
    if (!file.functions.has(node.name)) return undefined;
    const name = file.renamed.get(node.name) ?? "";
    return isPutBack(name) ? name : undefined;
  };
  const put = ({ line, column }: Position, text: string) => {
    changes.edit(from + line - 1, { column, length: 0, text });
  };
  for (const node of program.body) {
    if (node.type !== "FunctionDeclaration" || !node.loc) continue;
    const name = nameOf(node.id);
    if (name === undefined) continue;
    const line = from + node.loc.start.line - 1;
    changes.putBefore(line, naming(node.id.name, name));
  }
  eachNode(program, (node) => {
    const { to, value } = assignmentIn(node);
    const name = nameOf(to);
    if (name === undefined || !value?.loc || !isNameless(value)) return;
    // What has no name gets the property's.
    put(value.loc.start, `{ ${name}: `);
    put(value.loc.end, ` }.${name}`);
  });
}

function assignmentIn(node: AnyNode) {
  if (node.type === "VariableDeclarator")
    return { to: node.id, value: node.init };
  if (node.type === "AssignmentExpression")
    return { to: node.left, value: node.right };
  return {};
}

function isNameless(node: AnyNode): boolean {
  return (
    node.type === "ArrowFunctionExpression" ||
    ((node.type === "FunctionExpression" || node.type === "ClassExpression") &&
      !node.id)
  );
}
