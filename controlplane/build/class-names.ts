/**
 * `class Query { … new Query() … }` is `var Query = class _Query { … new _Query() … }` in a bundle. Here it is `class Query`
 * again.
 */
import type { MappedLines } from "./mapped-lines.ts";
import {
  segmentAt,
  wordsIn,
  type Changes,
  type Place,
  type RenamedFile,
} from "./renamed.ts";

/** A class that esbuild gave a name of its own. */
interface ClassHead {
  /** Its lines. */
  from: number;
  to: number;
  /** The author's name. */
  name: string;
}

/** Gives classes their authors' names where they are not taken; tells which names it has seen to. */
export function restoreClasses(
  mapped: MappedLines,
  { file, isTaken }: { file: RenamedFile; isTaken: (name: string) => boolean },
  changes: Changes,
): ReadonlySet<string> {
  const classes = classesIn(mapped, file);
  const places = wordsIn(mapped, file, new Set(classes.keys()));
  for (const [has, heads] of classes) {
    const edits = editsOf(has, heads, places.get(has) ?? []);
    const isFree = !heads.some(({ name }) => isTaken(name));
    if (edits && isFree)
      for (const { line, ...edit } of edits) changes.edit(line, edit);
    else for (const head of heads) tellName(mapped, head, changes);
  }
  return new Set(classes.keys());
}

// Its only brace is the body's.
const headLine =
  /^(\s*(?:var )?)(\S+) = class (?!extends )([^\s{}]+) (?:extends [^{}]* )?\{$/;

/** By the name that esbuild gave them. */
function classesIn(
  { lines }: MappedLines,
  { from, to, source, renamed }: RenamedFile,
): Map<string, ClassHead[]> {
  const classes = new Map<string, ClassHead[]>();
  for (let at = from; at < to; at++) {
    const line = lines[at];
    const head = line && headLine.exec(line.text);
    if (!head) continue;
    const [, before = "", outer = "", inner = ""] = head;
    const column = `${before}${outer} = class `.length;
    const outside = segmentAt(line, before.length, source);
    const inside = segmentAt(line, column, source);
    // An author's own would come of a word of its own.
    const isOurs =
      !inside || (outside?.[2] === inside[2] && outside?.[3] === inside[3]);
    if (!outside || !isOurs) continue;
    const name = renamed.get(outer) ?? outer;
    const end = endOf(lines, at, before.search(/\S|$/));
    const heads = classes.get(inner) ?? [];
    heads.push({ from: at, to: end, name });
    classes.set(inner, heads);
  }
  return classes;
}

/** The first line that goes back to where the class began: its end, or something in a text of many lines that looks like it. */
function endOf(
  lines: MappedLines["lines"],
  from: number,
  indent: number,
): number {
  const end = `${" ".repeat(indent)}}`;
  for (let at = from + 1; at < lines.length; at++)
    if (lines[at]?.text.startsWith(end)) return at;
  return lines.length;
}

/** Undefined where not all places of a name are of one of the classes. */
function editsOf(has: string, heads: ClassHead[], places: Place[]) {
  const edits = [];
  for (const { line, column, segment } of places) {
    const head = heads.find(({ from, to }) => from <= line && line <= to);
    if (!head || !segment) return undefined;
    edits.push({ line, column, length: has.length, text: head.name });
  }
  return edits;
}

/** Has a class tell its name, where it cannot have it. */
function tellName(
  { lines }: MappedLines,
  { from, to, name }: ClassHead,
  changes: Changes,
): void {
  const body = lines.slice(from, to);
  const hasOwn = body.some(({ text }) => /^\s*static (.* )?name\b/.test(text));
  if (name === "" || hasOwn) return;
  changes.edit(from, {
    column: lines[from]?.text.length ?? 0,
    length: 0,
    text: ` static { ${naming("this", name)} }`,
  });
}

/** A statement that gives a function its name. */
export function naming(what: string, name: string): string {
  return `Object.defineProperty(${what}, "name", { value: ${JSON.stringify(name)}, configurable: true });`;
}
