/** A .env file's text as its names and values, read as Node reads it: step by step, for what it makes of odd lines is no grammar. */

const quotes = "\"'`";

export function parseEnv(text: string): Record<string, string> {
  const values = new Map<string, string>();
  let rest = trimmed(text.replaceAll("\r", ""));
  while (rest !== "") {
    const lineEnd = endOf(rest);
    const equals = rest.indexOf("=");
    if (rest.startsWith("#") || rest.startsWith("\n")) {
      rest = rest.slice(lineEnd + 1);
      continue;
    }
    if (equals < 0 || equals > lineEnd) {
      rest = trimmed(rest.slice(lineEnd + 1));
      continue;
    }
    const name = trimmed(rest.slice(0, equals));
    const next = rest[equals + 1];
    if (next === undefined || next === "\n") {
      values.set(name, "");
      rest = rest.slice(equals + 1);
      continue;
    }
    rest = trimmed(rest.slice(equals + 1));
    if (name === "") continue;
    const [value, end] = valueOf(rest);
    values.set(trimmed(name.replace(/^export /, "")), value);
    rest = rest.slice(end);
  }
  return inOrder(values);
}

/** Of their names, and without a prototype. */
function inOrder(values: ReadonlyMap<string, string>): Record<string, string> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has nothing yet
  const ordered = Object.create(null) as Record<string, string>;
  for (const [name, value] of [...values].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  ))
    ordered[name] = value;
  return ordered;
}

/** The value that a text begins with, and where what follows it begins. */
function valueOf(text: string): [value: string, end: number] {
  const quote = text.charAt(0);
  const closing = quotes.includes(quote) ? text.indexOf(quote, 1) : -1;
  if (closing > 0) {
    const value = text.slice(1, closing);
    return [
      quote === '"' ? value.replaceAll("\\n", "\n") : value,
      endOf(text, closing) + 1,
    ];
  }
  const end = endOf(text);
  const line = text.slice(0, end);
  const isOpen = quote !== "" && quotes.includes(quote);
  const [value = ""] = line.split("#");
  let next = end + 1;
  while (isSpace(text[next])) next++;
  return [isOpen ? line : trimmed(value), next];
}

function endOf(text: string, from = 0): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

const isSpace = (char: string | undefined): boolean =>
  char === " " || char === "\t" || char === "\n";

function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isSpace(text[start])) start++;
  while (end > start && isSpace(text[end - 1])) end--;
  return text.slice(start, end);
}
