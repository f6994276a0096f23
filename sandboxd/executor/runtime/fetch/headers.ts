/** The Fetch standard's Headers: names without case, several values under one name, Set-Cookie never joined. */
import { isHeaderText, isToken } from "../headers.ts";
import {
  TypeErrorIntrinsic,
  append,
  apply,
  charCode,
  deleteProperty,
  dictionary,
  isArray,
  isObject,
  lowerCase,
  objectKeys,
  quote,
  readProperty,
  sliceText,
  sortedKeys,
  toText,
} from "../intrinsics.ts";
import { headerCostChars } from "./bounds.ts";

type Entries = Record<string, Entry>;

/** The values of one name. */
interface Entry {
  name: string;
  count: number;
  values: Record<number, string>;
}

let entriesOf: (headers: Headers) => Entries;

/** As a guest has it. Its methods may have been patched; the runtime reads it by the functions below. */
export class Headers {
  /** By lower-case name. */
  readonly #entries: Entries = dictionary();

  static {
    entriesOf = (headers) => headers.#entries;
  }

  constructor(init?: unknown) {
    if (init === undefined || init === null) return;
    if (!isObject(init))
      throw new TypeErrorIntrinsic("Headers wants names and values");
    if (#entries in init) copyEntries(this.#entries, init.#entries);
    else if (isArray(init)) addList(this.#entries, init);
    else if (isIterable(init)) addPairs(this.#entries, init);
    else addRecord(this.#entries, init);
  }

  append(name: unknown, value: unknown): void {
    add(this.#entries, checkedName(name), value);
  }

  set(name: unknown, value: unknown): void {
    const given = checkedName(name);
    const text = checkedValue(given, value);
    deleteProperty(this.#entries, lowerCase(given));
    add(this.#entries, given, text);
  }

  get(name: unknown): string | null {
    const entry = this.#entries[lowerCase(checkedName(name))];
    return entry ? joined(entry) : null;
  }

  has(name: unknown): boolean {
    return this.#entries[lowerCase(checkedName(name))] !== undefined;
  }

  delete(name: unknown): void {
    deleteProperty(this.#entries, lowerCase(checkedName(name)));
  }

  getSetCookie(): string[] {
    const cookies: string[] = [];
    const entry = this.#entries["set-cookie"];
    const count = entry?.count ?? 0;
    for (let i = 0; i < count; i++) append(cookies, entry?.values[i] ?? "");
    return cookies;
  }

  forEach(callback: unknown, thisArgument?: unknown): void {
    if (typeof callback !== "function")
      throw new TypeErrorIntrinsic("forEach wants a function");
    for (let line = first(this.#entries); line; line = line.next())
      apply(callback, thisArgument, [line.value, line.name, this]);
  }

  *entries(): Generator<[name: string, value: string]> {
    for (let line = first(this.#entries); line; line = line.next())
      yield [line.name, line.value];
  }

  *keys(): Generator<string> {
    for (let line = first(this.#entries); line; line = line.next())
      yield line.name;
  }

  *values(): Generator<string> {
    for (let line = first(this.#entries); line; line = line.next())
      yield line.value;
  }

  [Symbol.iterator](): Generator<[name: string, value: string]> {
    return this.entries();
  }

  get [Symbol.toStringTag](): string {
    return "Headers";
  }
}

/** One name and value of an iteration. */
interface Line {
  name: string;
  value: string;
  next: () => Line | undefined;
}

/** By name; values are joined, but each Set-Cookie is a line. */
function first(entries: Entries): Line | undefined {
  const keys = sortedKeys(entries);
  const lineAt = (i: number, n: number): Line | undefined => {
    const name = keys[i];
    if (name === undefined) return undefined;
    const entry = entries[name];
    const isCookie = name === "set-cookie";
    if (!entry || n >= (isCookie ? entry.count : 1)) return lineAt(i + 1, 0);
    const value = isCookie ? (entry.values[n] ?? "") : joined(entry);
    return { name, value, next: () => lineAt(i, n + 1) };
  };
  return lineAt(0, 0);
}

/** Headers as they leave: a JSON array of names and values in turn, and how many chars those count for. */
export function wireForm(headers: Headers): { json: string; chars: number } {
  const entries = entriesOf(headers);
  const keys = objectKeys(entries);
  let json = "";
  let chars = 0;
  for (let i = 0; i < keys.length; i++) {
    const entry = entries[keys[i] ?? ""];
    if (!entry) continue;
    for (let n = 0; n < entry.count; n++) {
      const value = entry.values[n] ?? "";
      const comma = json === "" ? "" : ",";
      json += `${comma}${quote(entry.name)},${quote(value)}`;
      chars += entry.name.length + value.length + headerCostChars;
    }
  }
  return { json: `[${json}]`, chars };
}

/** Adds a header of which the runtime knows that it is one. */
export function addKnown(headers: Headers, name: string, value: string): void {
  addText(entriesOf(headers), name, value);
}

/** Whether there is one of this lower-case name. */
export function hasKnown(headers: Headers, key: string): boolean {
  return entriesOf(headers)[key] !== undefined;
}

function copyEntries(to: Entries, from: Entries): void {
  const keys = objectKeys(from);
  for (let i = 0; i < keys.length; i++) {
    const entry = from[keys[i] ?? ""];
    if (!entry) continue;
    for (let n = 0; n < entry.count; n++)
      addText(to, entry.name, entry.values[n] ?? "");
  }
}

function addList(entries: Entries, list: unknown[]): void {
  for (let i = 0; i < list.length; i++) addPair(entries, list[i]);
}

/** A Map, URLSearchParams, whatever gives pairs: its own iterator is asked. */
function addPairs(entries: Entries, pairs: Iterable<unknown>): void {
  for (const pair of pairs) addPair(entries, pair);
}

function addPair(entries: Entries, pair: unknown): void {
  if (!isObject(pair) || readProperty(pair, "length") !== 2)
    throw new TypeErrorIntrinsic("a header must be a pair of name and value");
  add(entries, checkedName(readProperty(pair, "0")), readProperty(pair, "1"));
}

function addRecord(entries: Entries, record: object): void {
  const names = objectKeys(record);
  for (let i = 0; i < names.length; i++) {
    const name = checkedName(names[i]);
    add(entries, name, readProperty(record, name));
  }
}

function add(entries: Entries, name: string, value: unknown): void {
  addText(entries, name, checkedValue(name, value));
}

function addText(entries: Entries, name: string, text: string): void {
  const key = lowerCase(name);
  const entry = (entries[key] ??= { name, count: 0, values: dictionary() });
  entry.values[entry.count++] = text;
}

function joined({ count, values }: Entry): string {
  let text = values[0] ?? "";
  for (let i = 1; i < count; i++) text += `, ${values[i] ?? ""}`;
  return text;
}

/** Made text before the check: an object could change its mind after it. */
function checkedName(name: unknown): string {
  const text = toText(name);
  if (isToken(text)) return text;
  throw new TypeErrorIntrinsic("a header's name must be an HTTP token");
}

function checkedValue(name: string, value: unknown): string {
  const text = withoutOuterSpace(toText(value));
  if (isHeaderText(text)) return text;
  throw new TypeErrorIntrinsic(
    `the value of header "${name}" has a character that no header may have`,
  );
}

function withoutOuterSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(charCode(text, start))) start++;
  while (start < end && isSpace(charCode(text, end - 1))) end--;
  return sliceText(text, start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}

function isIterable(value: object): value is Iterable<unknown> {
  return typeof readProperty(value, Symbol.iterator) === "function";
}
