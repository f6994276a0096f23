/** The expression of an assertion that has no message of its own, as it stands in the bundle. */
import type { Exports, RealmParts } from "../../../realm.ts";

/** What is told where the source cannot be found. */
const unknownExpression = "assert(value)";
const maxExpressionChars = 1000;
const closers: Record<string, string> = { "(": ")", "[": "]", "{": "}" };
const quotes = "\"'`";

export function createModule({ runtime }: RealmParts): Exports {
  const locate = (error: object) => {
    const site = firstSite(error);
    const startColumn = (site?.getColumnNumber() ?? 0) - 1;
    const lines = runtime.bundle().text().split("\n");
    const sourceLine = lines[(site?.getLineNumber() ?? 0) - 1];
    return sourceLine === undefined ? undefined : { sourceLine, startColumn };
  };
  return {
    getErrorSourceLocation: locate,
    getErrorSourceExpression: (error: object) => {
      const found = locate(error);
      if (!found) return unknownExpression;
      const { sourceLine, startColumn } = found;
      return (
        expressionAt(sourceLine, startColumn).slice(0, maxExpressionChars) ||
        unknownExpression
      );
    },
  };
}

/** Where a stack that nobody has read begins; in its text, the places are those of the author's files. */
function firstSite(error: object): NodeJS.CallSite | undefined {
  const before: unknown = Reflect.get(Error, "prepareStackTrace");
  try {
    Error.prepareStackTrace = (_error, [site]) => site;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the line above gives
    return Reflect.get(error, "stack") as NodeJS.CallSite | undefined;
  } finally {
    Reflect.set(Error, "prepareStackTrace", before);
  }
}

/** A call, from the object that it is a method of to the bracket that ends it, as far as it stands in one line. */
function expressionAt(line: string, column: number): string {
  const [before = ""] =
    /(?:[A-Za-z_$][\w$.?]*)?$/.exec(line.slice(0, column)) ?? [];
  const start = column - before.length;
  const open: string[] = [];
  let quote = "";
  for (let at = column; at < line.length; at++) {
    const char = line.charAt(at);
    if (quote !== "") {
      if (char === "\\") at++;
      else if (char === quote) quote = "";
      continue;
    }
    const closer = closers[char];
    if (quotes.includes(char)) quote = char;
    else if (closer !== undefined) open.push(closer);
    else if (char === open.at(-1)) {
      open.pop();
      if (open.length === 0) return line.slice(start, at + 1);
    } else if (char === ";" && open.length === 0) return line.slice(start, at);
  }
  return line.slice(start);
}
