/** URLs: the executor's own Node parses, here is where its parts lie in the text. */
import type { Exports, Host, RealmParts } from "../realm.ts";

/** Node's names for the setters, in its order; the last sets all of it. */
const setHref = 9;
const omitted = 0xff_ff_ff_ff;
const schemes = ["http:", " ", "https:", "ws:", "ftp:", "wss:", "file:"];
const notSpecial = 1;

export function createBinding({ host }: RealmParts): Exports {
  const urlComponents = new Uint32Array(9);
  const parsed = (href: string) => {
    findComponents(href, urlComponents);
    return href;
  };
  return {
    urlComponents,
    parse: (input: string, base?: string, raises?: boolean) => {
      const href = parse(host, input, base);
      if (href !== undefined) return parsed(href);
      return raises === true ? fail(input, base) : undefined;
    },
    canParse: (input: string, base?: string) =>
      parse(host, input, base) !== undefined,
    update: (href: string, setter: number, value: string) => {
      const updated =
        setter === setHref
          ? parse(host, value)
          : textOf(host("url-update", href, setter, value));
      return updated === undefined ? false : parsed(updated);
    },
    format: (
      href: string,
      hash: boolean,
      unicode: boolean,
      search: boolean,
      auth: boolean,
    ) => host("url-format", href, hash, unicode, search, auth),
    getOrigin: (href: string) => host("url-origin", href) ?? fail(),
    domainToASCII: (domain: string) => host("url-domain-to-ascii", domain),
    domainToUnicode: (domain: string) => host("url-domain-to-unicode", domain),
    pathToFileURL: (path: string, isWindows: boolean, name?: string) => {
      // Where a name ends as in a URL, nothing of it is a host's.
      const [hostName = ""] = (name ?? "").split(/[?#/\\]/);
      const url = `file://${hostName}${encodePath(path, isWindows)}`;
      const href = parse(host, url);
      return href === undefined ? fail(path, name) : parsed(href);
    },
  };
}

/** No NodeError: the binding throws a plain one in Node too. */
function fail(input?: string, base?: string): never {
  throw Object.assign(
    new TypeError("Invalid URL"),
    { code: "ERR_INVALID_URL" },
    input !== undefined && { input },
    base !== undefined && { base },
  );
}

function parse(host: Host, input: string, base?: string): string | undefined {
  return textOf(host("url-parse", input, base));
}

function textOf(answer: unknown): string | undefined {
  return typeof answer === "string" ? answer : undefined;
}

/** In a path of a file, these mean themselves; in a URL they would be something else. */
function encodePath(path: string, isWindows: boolean): string {
  // oxlint-disable-next-line no-control-regex -- files may have them in their names
  return path.replaceAll(/[\0\t\n\r "#%?[\]^|~\\]/g, (char) => {
    if (char === "\\" && isWindows) return "/";
    return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
}

/** Where the parts of a URL lie that a parser wrote, in the order of Node's binding. */
function findComponents(href: string, components: Uint32Array): void {
  const protocolEnd = href.indexOf(":") + 1;
  const hash = href.indexOf("#", protocolEnd);
  const end = hash === -1 ? href.length : hash;
  const search = indexBefore(href, "?", protocolEnd, end);
  const pathLimit = search === -1 ? end : search;
  let usernameEnd = protocolEnd;
  let hostStart = protocolEnd;
  let hostEnd = protocolEnd;
  let pathStart = protocolEnd;
  let port = omitted;
  if (href.startsWith("//", protocolEnd)) {
    const start = protocolEnd + 2;
    const slash = indexBefore(href, "/", start, pathLimit);
    pathStart = slash === -1 ? pathLimit : slash;
    const at = href.slice(start, pathStart).lastIndexOf("@");
    usernameEnd = hostStart = at === -1 ? start : start + at;
    if (at !== -1) {
      const password = indexBefore(href, ":", start, hostStart);
      if (password !== -1) usernameEnd = password;
    }
    const address = indexBefore(href, "]", hostStart, pathStart);
    const from = address === -1 ? hostStart : address;
    const colon = indexBefore(href, ":", from, pathStart);
    hostEnd = colon === -1 ? pathStart : colon;
    if (colon !== -1) port = Number(href.slice(colon + 1, pathStart));
  } else if (href.startsWith("/.//", protocolEnd)) pathStart += 2;
  components[0] = protocolEnd;
  components[1] = usernameEnd;
  components[2] = hostStart;
  components[3] = hostEnd;
  components[4] = port;
  components[5] = pathStart;
  components[6] = search === -1 ? omitted : search;
  components[7] = hash === -1 ? omitted : hash;
  const scheme = schemes.indexOf(href.slice(0, protocolEnd));
  components[8] = scheme === -1 ? notSpecial : scheme;
}

function indexBefore(
  text: string,
  char: string,
  from: number,
  end: number,
): number {
  const found = text.indexOf(char, from);
  return found >= end ? -1 : found;
}
