/**
 * Functions and classes under the names their author gave them. esbuild gives every name that another hides, or that two
 * files have, another one, and a function's own name with it; programs look at it: `constructor.name`, a model's, an error's.
 * Here the names are put back where they mean what they meant in the author's file, so that it costs nothing at run time.
 */
import { restoreClasses } from "./class-names.ts";
import { linesOf, scriptOf, type MappedLines } from "./mapped-lines.ts";
import {
  Changes,
  isProperty,
  isPutBack,
  wordsIn,
  type RenamedFile,
} from "./renamed.ts";
import type { MappedScript } from "./script.ts";
import { nothingShared, topLevelOf, type TopLevel } from "./top-level.ts";

/** Whether anything may have another name than its author gave it. */
export function isRenamed({ code, map }: MappedScript): boolean {
  const { names }: { names: string[] } = JSON.parse(map);
  return names.some(isPutBack) || namedClass.test(code);
}

const namedClass = / = class (?!extends )[^{]/;

/**
 * The script with its authors' names. `isOneScope`: what is undone was done to one script that had them, so that nothing of
 * another file can be meant.
 */
export function withOwnNames(
  script: MappedScript,
  { isOneScope }: { isOneScope: boolean },
): MappedScript {
  const mapped = linesOf(script);
  const changes = new Changes();
  for (const file of filesIn(mapped)) {
    if (!hasOtherNames(mapped, file)) continue;
    const top =
      isOneScope || isWrapped(mapped, file)
        ? nothingShared
        : topLevelOf(mapped, file, changes);
    if (top) restore(mapped, { file, top }, changes);
  }
  if (changes.isEmpty) return script;
  const { sources } = mapped;
  return scriptOf({ sources, lines: changes.madeTo(mapped.lines) });
}

/** What became of the author's files. */
function filesIn({ lines, names }: MappedLines): RenamedFile[] {
  const files = new Map<number, ReturnType<typeof newFile>>();
  for (const [at, { text, segments }] of lines.entries()) {
    for (const segment of segments) {
      if (segment.length === 1) continue;
      const [column, source] = segment;
      const file = files.get(source) ?? newFile(source, at);
      files.set(source, file);
      file.to = at + 1;
      const name = segment.length === 5 ? names[segment[4]] : undefined;
      // Of what is imported by its name, the property is told, too.
      if (name === undefined || isProperty(text, column)) continue;
      const has = wordAt(text, column);
      if (has === name || has === "") continue;
      const isOnly = (file.renamed.get(has) ?? name) === name;
      file.renamed.set(has, isOnly ? name : "");
      if (isFunctionAt(text, column, has)) file.functions.add(has);
    }
  }
  return [...files.values()];
}

function newFile(source: number, from: number) {
  return {
    source,
    from,
    to: from,
    renamed: new Map<string, string>(),
    functions: new Set<string>(),
  };
}

function wordAt(text: string, column: number): string {
  const word = /[\w$\u0080-\uffff]*/y;
  word.lastIndex = column;
  return word.exec(text)?.[0] ?? "";
}

/** Whether a name at a column is one that a function or a class has, or gets because it is assigned to it. */
function isFunctionAt(text: string, column: number, name: string): boolean {
  return (
    declared.test(text.slice(Math.max(0, column - 11), column)) ||
    assigned.test(text.slice(column + name.length))
  );
}

const declared = /(?:^|[^\w$.])(?:class|function\*?) $/;
const assigned = /^ = (?:async )?(?:class\b|function\b|[\w$]+ =>|\()/;

/** Whether esbuild put a file into a function of its own, because it is CommonJS: then nothing of it is at the top. */
function isWrapped({ lines }: MappedLines, { from }: RenamedFile): boolean {
  for (let at = from; at >= 0; at--) {
    const text = lines[at]?.text ?? "";
    if (/^\S/.test(text)) return /^var \S+ = __commonJS\(\{$/.test(text);
  }
  return false;
}

function hasOtherNames(
  { lines }: MappedLines,
  { from, to, renamed, functions }: RenamedFile,
): boolean {
  return (
    [...functions].some((has) => isPutBack(renamed.get(has) ?? "")) ||
    lines.slice(from, to).some(({ text }) => namedClass.test(text))
  );
}

/** Puts a file's names back, but those of its top level. */
function restore(
  mapped: MappedLines,
  { file, top }: { file: RenamedFile; top: TopLevel },
  changes: Changes,
): void {
  const { renamed, functions } = file;
  // What has the name now may be meant within.
  const isTaken = (name: string) =>
    !isPutBack(name) || renamed.has(name) || top.foreign.has(name);
  const claimed = restoreClasses(mapped, { file, isTaken }, changes);
  const wanted = new Map<string, string>();
  for (const has of functions) {
    const name = renamed.get(has) ?? "";
    if (isTaken(name) || top.names.has(has) || claimed.has(has)) continue;
    wanted.set(has, name);
  }
  for (const [has, places] of wordsIn(mapped, file, new Set(wanted.keys()))) {
    if (places.some(({ segment }) => segment === undefined)) continue;
    const text = wanted.get(has) ?? "";
    for (const { line, column, segment } of places)
      // Without a name: the author has this very word.
      if (segment?.length === 5)
        changes.edit(line, { column, length: has.length, text });
  }
}
