/** URLPattern: the executor's own Node reads patterns and addresses, here they are matched. */
import type { Exports, HostValue, RealmParts } from "../realm.ts";
import {
  compilePart,
  type PartMatcher,
  type PartOptions,
} from "../url-pattern-part.ts";

/** In the order of the host's answers. */
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
const byName = parts.toSorted();
const special = ["http", "https", "ws", "wss", "ftp", "file"];

type Part = (typeof parts)[number];

export function createBinding({ host }: RealmParts): Exports {
  let textOf: (pattern: unknown, part: Part) => string;
  let own: (value: unknown) => URLPattern;
  class URLPattern {
    readonly #texts: readonly string[];
    readonly #ignoreCase: boolean;
    #matchers: Map<Part, PartMatcher> | undefined;

    static {
      own = (value) => {
        if (isObject(value) && #texts in value) return value;
        throw new TypeError("Illegal invocation");
      };
      textOf = (pattern, part) =>
        own(pattern).#texts[parts.indexOf(part)] ?? "";
    }

    constructor(...given: unknown[]) {
      const [input = {}, second, third] = given;
      if (typeof input !== "string" && !isObject(input))
        throw typeError(
          "ERR_INVALID_ARG_TYPE",
          "Input must be an object or a string",
        );
      const base = typeof second === "string" ? second : undefined;
      const options = base === undefined ? second : third;
      if (options !== undefined && options !== null && !isObject(options))
        throw typeError("ERR_INVALID_ARG_TYPE", "options must be an object");
      this.#ignoreCase = Boolean(
        isObject(options) && Reflect.get(options, "ignoreCase"),
      );
      const texts = host(
        "url-pattern-parts",
        inputOf(input),
        base,
        this.#ignoreCase,
      );
      if (!isTexts(texts))
        throw typeError(
          "ERR_INVALID_URL_PATTERN",
          "Failed to construct URLPattern",
        );
      this.#texts = texts;
    }

    get hasRegExpGroups(): boolean {
      return own(this).#texts[parts.length] !== "";
    }

    exec(...[input = {}, base]: [input?: unknown, base?: unknown]) {
      const found = own(this).#match(input, base, "exec");
      if (!found) return null;
      const inputs = base === undefined ? [input] : [input, base];
      const result: Record<string, unknown> = Object.create(null);
      for (const name of [...byName, "inputs"].toSorted())
        result[name] = found.get(name) ?? inputs;
      return result;
    }

    test(...[input = {}, base]: [input?: unknown, base?: unknown]): boolean {
      return own(this).#match(input, base, "test") !== undefined;
    }

    #match(
      input: unknown,
      base: unknown,
      method: string,
    ): Map<string, unknown> | undefined {
      if (typeof input !== "string" && !isObject(input))
        throw typeError(
          "ERR_INVALID_ARG_TYPE",
          "URLPattern input needs to be a string or an object",
        );
      if (base !== undefined && typeof base !== "string")
        throw typeError("ERR_INVALID_ARG_TYPE", "baseURL must be a string");
      if (base !== undefined && typeof input !== "string")
        throw typeError(
          "ERR_OPERATION_FAILED",
          `Failed to ${method} URLPattern`,
        );
      const texts = host("url-pattern-input", inputOf(input), base);
      if (!isTexts(texts)) return undefined;
      const matchers = (this.#matchers ??= this.#compile());
      const found = new Map<string, unknown>();
      for (const [at, part] of parts.entries()) {
        const matcher = matchers.get(part);
        const text = texts[at] ?? "";
        const match = matcher?.pattern.exec(text);
        if (!matcher || !match) return undefined;
        const groups: Record<string, string | undefined> = {};
        for (const [index, name] of matcher.names.entries())
          groups[name] = match[index + 1];
        found.set(part, { groups, input: text });
      }
      return found;
    }

    #compile(): Map<Part, PartMatcher> {
      const compile = (part: Part, options: Partial<PartOptions> = {}) =>
        compilePart(textOf(this, part), {
          delimiter: "",
          prefix: "",
          ignoreCase: false,
          ...options,
        });
      const { pattern } = compile("protocol");
      const ignoreCase = this.#ignoreCase;
      const hasSegments = special.some((scheme) => pattern.test(scheme));
      const slash = hasSegments ? "/" : "";
      const options: Partial<Record<Part, Partial<PartOptions>>> = {
        hostname: { delimiter: "." },
        pathname: { delimiter: slash, prefix: slash, ignoreCase },
        search: { ignoreCase },
        hash: { ignoreCase },
      };
      return new Map(parts.map((part) => [part, compile(part, options[part])]));
    }
  }

  const { prototype } = URLPattern;
  for (const name of parts)
    Object.defineProperty(prototype, name, {
      get(this: URLPattern) {
        return textOf(this, name);
      },
      enumerable: true,
    });
  for (const name of ["hasRegExpGroups", "exec", "test"])
    Object.defineProperty(prototype, name, { enumerable: true });
  Object.defineProperty(prototype, Symbol.toStringTag, {
    value: "URLPattern",
    configurable: true,
  });
  return { URLPattern };
}

/** A text, or the parts that there are. */
function inputOf(input: unknown): HostValue {
  if (!isObject(input)) return String(input);
  const init: Record<string, string> = {};
  for (const name of [...parts, "baseURL"]) {
    const value: unknown = Reflect.get(input, name);
    // oxlint-disable-next-line typescript/no-base-to-string -- as WebIDL makes a text of anything
    if (value !== undefined) init[name] = String(value);
  }
  return init;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value);
}

function isObject(value: unknown): value is object {
  return (
    (typeof value === "object" && value !== null) || typeof value === "function"
  );
}

function typeError(code: string, message: string): Error {
  return Object.assign(new TypeError(message), { code });
}
