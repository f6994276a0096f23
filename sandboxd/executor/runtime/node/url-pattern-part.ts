/** One part of a URL pattern, made a regular expression as the URL Pattern standard says; its text is in normal form. */

/** What stands between the segments of that part, and may stand before a group. */
export interface PartOptions {
  delimiter: string;
  prefix: string;
  ignoreCase: boolean;
}

/** What a part matches, with the names of its groups. */
export interface PartMatcher {
  pattern: RegExp;
  names: string[];
}

type Kind = "open" | "close" | "regexp" | "name" | "char" | "modifier" | "*";

interface Token {
  kind: Kind;
  value: string;
}

export function compilePart(text: string, options: PartOptions): PartMatcher {
  const compiler = new Compiler(tokensOf(text), options);
  const source = compiler.run();
  return {
    pattern: new RegExp(`^${source}$`, options.ignoreCase ? "vi" : "v"),
    names: compiler.names,
  };
}

const tokenPattern =
  /\\(.)|([{}*?+])|:((?:[$_]|\p{ID_Start})(?:[$\u200c\u200d]|\p{ID_Continue})*)|(\()|(.)/suy;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    tokenPattern.lastIndex = at;
    const found = tokenPattern.exec(text);
    if (!found) break;
    const [all, escaped, sign, name, open, char = ""] = found;
    at += all.length;
    if (open !== undefined) {
      const end = endOfGroup(text, at);
      tokens.push({ kind: "regexp", value: text.slice(at, end) });
      at = end + 1;
    } else if (name !== undefined) tokens.push({ kind: "name", value: name });
    else if (sign !== undefined)
      tokens.push({ kind: kindOf(sign), value: sign });
    else tokens.push({ kind: "char", value: escaped ?? char });
  }
  return tokens;
}

function kindOf(sign: string): Kind {
  switch (sign) {
    case "{":
      return "open";
    case "}":
      return "close";
    case "*":
      return "*";
    default:
      return "modifier";
  }
}

function endOfGroup(text: string, start: number): number {
  let depth = 1;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") at++;
    else if (char === "(") depth++;
    else if (char === ")" && --depth === 0) return at;
  }
  return text.length;
}

class Compiler {
  readonly names: string[] = [];
  readonly #tokens: readonly Token[];
  readonly #options: PartOptions;
  #at = 0;
  #nextNumber = 0;
  #source = "";

  constructor(tokens: readonly Token[], options: PartOptions) {
    this.#tokens = tokens;
    this.#options = options;
  }

  run(): string {
    while (this.#at < this.#tokens.length) {
      if (this.#take("open")) this.#addBraces();
      else this.#addGroupOrText();
    }
    return this.#source;
  }

  #addBraces(): void {
    const prefix = this.#takeText();
    const name = this.#take("name");
    const group = this.#takeGroup(name);
    const suffix = this.#takeText();
    this.#take("close");
    this.#add(prefix, name, group, suffix);
  }

  #addGroupOrText(): void {
    const char = this.#take("char");
    const name = this.#take("name");
    const group = this.#takeGroup(name);
    if (!name && !group) {
      // Of a pattern in normal form, only a char is left.
      if (char) this.#source += escape(char.value);
      else this.#at++;
      return;
    }
    const isPrefix = char?.value === this.#options.prefix;
    if (char && !isPrefix) this.#source += escape(char.value);
    this.#add(isPrefix && char ? char.value : "", name, group, "");
  }

  #add(
    prefixText: string,
    name: Token | undefined,
    group: Token | undefined,
    suffixText: string,
  ): void {
    const sign = (this.#take("modifier") ?? this.#take("*"))?.value ?? "";
    const prefix = escape(prefixText);
    const suffix = escape(suffixText);
    if (!name && !group) {
      const text = prefix + suffix;
      this.#source += sign === "" ? text : `(?:${text})${sign}`;
      return;
    }
    this.names.push(name?.value ?? `${this.#nextNumber++}`);
    const value = this.#valueOf(group);
    const repeats = sign === "*" || sign === "+";
    if (prefix === "" && suffix === "")
      this.#source += repeats ? `((?:${value})${sign})` : `(${value})${sign}`;
    else if (!repeats)
      this.#source += `(?:${prefix}(${value})${suffix})${sign}`;
    else {
      const more = `(?:${suffix}${prefix}(?:${value}))*`;
      const end = sign === "*" ? "?" : "";
      this.#source += `(?:${prefix}((?:${value})${more})${suffix})${end}`;
    }
  }

  #valueOf(group: Token | undefined): string {
    if (!group) return `[^${escape(this.#options.delimiter)}]+?`;
    return group.kind === "*" ? ".*" : group.value;
  }

  #takeGroup(name: Token | undefined): Token | undefined {
    return this.#take("regexp") ?? (name ? undefined : this.#take("*"));
  }

  #takeText(): string {
    let text = "";
    for (let char = this.#take("char"); char; char = this.#take("char"))
      text += char.value;
    return text;
  }

  #take(kind: Kind): Token | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== kind) return undefined;
    this.#at++;
    return token;
  }
}

function escape(text: string): string {
  return text.replaceAll(/[.+*?^${}()[\]|/\\]/g, String.raw`\$&`);
}
