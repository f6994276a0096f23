/**
 * Patterns of URLs as the executor's own Node reads them. It gives their parts as texts, and those of what is matched;
 * matching is left to the isolate, whose clock can interrupt it.
 */
import { URLPattern } from "node:url";
import { HostRefusal, type HostOperations } from "./operations.ts";
import { isHostBounded, urlText } from "./url.ts";

const parts = [
  "protocol",
  "username",
  "password",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
] as const;

/** Of a whole pattern: V8 compiles what it makes of it. */
const maxPatternChars = 16 * 1024;

type Init = Record<string, string>;

/** Where Node throws or finds nothing, the answer is undefined. */
export function urlPatternOperations(): HostOperations {
  const all = new URLPattern();
  return {
    "url-pattern-parts": (input, base, ignoreCase) =>
      attempt(() => {
        const options = { ignoreCase: ignoreCase === true };
        const given = readInput(input, maxPatternChars);
        const pattern =
          base === undefined
            ? new URLPattern(given, options)
            : new URLPattern(given, urlText(base), options);
        return [
          ...parts.map((part) => pattern[part]),
          pattern.hasRegExpGroups ? "1" : "",
        ];
      }),
    "url-pattern-input": (input, base) =>
      attempt(() => {
        const given = readInput(input, Infinity);
        const found =
          base === undefined ? all.exec(given) : all.exec(given, urlText(base));
        return found ? parts.map((part) => found[part].input) : undefined;
      }),
  };
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof HostRefusal) throw error;
    return undefined;
  }
}

/** A text, or the parts that there are. */
function readInput(input: unknown, maxChars: number): string | Init {
  if (typeof input === "string") {
    check(input, maxChars);
    return input;
  }
  const init: Init = {};
  for (const name of [...parts, "baseURL"]) {
    const value: unknown = Reflect.get(Object(input), name);
    if (value === undefined) continue;
    check(value, maxChars);
    init[name] = urlText(value);
  }
  return init;
}

function check(value: unknown, maxChars: number): void {
  const text = urlText(value);
  // A host may stand anywhere in it: as one of its parts, too.
  if (
    text.length > maxChars ||
    !isHostBounded(text) ||
    !isHostBounded(`//${text}`)
  )
    throw new HostRefusal("ERR_OUT_OF_RANGE", "too long for a pattern");
}
