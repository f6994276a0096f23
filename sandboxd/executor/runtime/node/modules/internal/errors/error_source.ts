/** The expression of an assertion that has no message of its own, as it stands in the bundle. */
import type { Exports, RealmParts } from "../../../realm.ts";

/** What is told where the source cannot be found. */
const unknownExpression = "assert(value)";
const maxExpressionChars = 1000;
const placePattern = /:(\d+):(\d+)\)?$/m;
const closers: Record<string, string> = { "(": ")", "[": "]", "{": "}" };
const quotes = "\"'`";

export function createModule({ runtime }: RealmParts): Exports {
  const locate = (error: object) => {
    const stack: unknown = Reflect.get(error, "stack");
    const place = placePattern.exec(String(stack));
    const sourceLine = runtime.bundle().text().split("\n")[
      Number(place?.[1]) - 1
    ];
    const startColumn = Number(place?.[2]) - 1;
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
