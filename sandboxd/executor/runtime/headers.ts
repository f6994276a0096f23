/** Response headers as Node keeps them: by lower-case name, several values under one name where they are given so. */
import {
  TypeErrorIntrinsic,
  append,
  charCode,
  deleteProperty,
  dictionary,
  indexInText,
  isArray,
  isObject,
  lowerCase,
  objectKeys,
  quote,
  sliceText,
  toText,
} from "./intrinsics.ts";

export type HeaderValue = string | number | readonly string[];

const tokenMarks = "!#$%&'*+-.^_`|~";

interface Header {
  name: string;
  value: HeaderValue;
}

export interface Headers {
  set: (name: string, value: HeaderValue) => void;
  append: (name: string, value: HeaderValue) => void;
  get: (name: string) => HeaderValue | undefined;
  remove: (name: string) => void;
  names: () => string[];
  all: () => Record<string, HeaderValue>;
  /** From an object, or an array of names and values in turn, or of pairs. */
  setAll: (given: unknown) => void;
  contentType: () => string;
  /** All but the content type, as a JSON array of names and values in turn. */
  toJson: () => string;
}

export function createHeaders(): Headers {
  const kept = dictionary<Header>();
  const set = (name: string, value: HeaderValue) => {
    checkName(name);
    // Made text before the check: an object could change its mind after it.
    const copy = copyValue(name, value);
    checkValue(name, copy);
    kept[lowerCase(name)] = { name, value: copy };
  };
  const get = (name: string) => kept[lowerCase(toText(name))]?.value;

  const headers: Headers = {
    set,
    append: (name, value) => {
      const before = get(name);
      set(name, before === undefined ? value : joined(before, value));
    },
    get,
    remove: (name) => void deleteProperty(kept, lowerCase(toText(name))),
    names: () => objectKeys(kept),
    all: () => {
      const all: Record<string, HeaderValue> = dictionary();
      each(kept, (key, header) => {
        all[key] = header.value;
      });
      return all;
    },
    setAll: (given) => setAll(headers, given),
    contentType: () => {
      const value = get("content-type");
      if (value === undefined) return "";
      return toText(isArray(value) ? value[0] : value);
    },
    toJson: () => {
      let json = "";
      const add = (name: string, value: unknown) => {
        const comma = json === "" ? "" : ",";
        json += `${comma}${quote(name)},${quote(toText(value))}`;
      };
      each(kept, (key, { name, value }) => {
        if (key === "content-type") return;
        if (!isArray(value)) add(name, value);
        else for (let i = 0; i < value.length; i++) add(name, value[i]);
      });
      return `[${json}]`;
    },
  };
  return headers;
}

function setAll(headers: Headers, given: unknown): void {
  if (!isObject(given)) return;
  if (isArray(given)) {
    setPairs(headers, given);
    return;
  }
  const names = objectKeys(given);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] ?? "";
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `set` looks at whatever it is
    headers.set(name, (given as Record<string, HeaderValue>)[name] ?? "");
  }
}

function setPairs(headers: Headers, given: unknown[]): void {
  if (isArray(given[0])) {
    for (let i = 0; i < given.length; i++) {
      const pair: unknown = given[i];
      if (isArray(pair)) headers.append(toText(pair[0]), toText(pair[1]));
    }
    return;
  }
  for (let i = 0; i + 1 < given.length; i += 2)
    headers.append(toText(given[i]), toText(given[i + 1]));
}

function each(
  kept: Record<string, Header>,
  visit: (key: string, header: Header) => void,
): void {
  const keys = objectKeys(kept);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? "";
    const header = kept[key];
    if (header) visit(key, header);
  }
}

function joined(before: HeaderValue, value: HeaderValue): string[] {
  const all: string[] = [];
  const add = (part: HeaderValue) => {
    if (!isArray(part)) append(all, toText(part));
    else for (let i = 0; i < part.length; i++) append(all, toText(part[i]));
  };
  add(before);
  add(value);
  return all;
}

function copyValue(name: string, value: HeaderValue | undefined): HeaderValue {
  if (value === undefined)
    throw typeError(
      `Invalid value for header "${name}"`,
      "HTTP_INVALID_HEADER_VALUE",
    );
  return isArray(value) ? joined([], value) : toText(value);
}

function checkName(name: unknown): void {
  if (typeof name === "string" && isToken(name)) return;
  throw typeError(
    "Header name must be a valid HTTP token",
    "INVALID_HTTP_TOKEN",
  );
}

function checkValue(name: string, value: HeaderValue): void {
  const texts = isArray(value) ? value : [value];
  for (let i = 0; i < texts.length; i++) {
    if (!isHeaderText(toText(texts[i])))
      throw typeError(
        `Invalid character in header content ["${name}"]`,
        "INVALID_CHAR",
      );
  }
}

// By char codes: a regular expression would ask the guest's `exec`.
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = charCode(text, i);
    const isDigit = code >= 0x30 && code <= 0x39;
    const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    const mark = sliceText(text, i, i + 1);
    if (!isDigit && !isLetter && indexInText(tokenMarks, mark) < 0)
      return false;
  }
  return text.length > 0;
}

export function isHeaderText(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = charCode(text, i);
    const isPrintable = code >= 0x20 && code !== 0x7f && code <= 0xff;
    if (!isPrintable && code !== 0x09) return false;
  }
  return true;
}

function typeError(message: string, code: string): TypeError {
  const error = new TypeErrorIntrinsic(message);
  return Object.assign(error, { code: `ERR_${code}` });
}
