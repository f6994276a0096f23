/** URLs as the executor's own Node reads them: texts in, texts out, and nothing is kept. */
import { domainToASCII, domainToUnicode, format } from "node:url";
import { HostRefusal, numberIn, type HostOperations } from "./operations.ts";

/** Of any one text. Parsing takes some 50 ns a char. */
const maxUrlChars = 8 * 1024 * 1024;
/** Of a host that is not plain ASCII: Punycode takes time by the square of its length. */
const maxEncodedHostChars = 1024;

const setters = [
  "protocol",
  "host",
  "hostname",
  "port",
  "username",
  "password",
  "pathname",
  "search",
  "hash",
] as const;

/** Where a text is no URL, the answer is undefined. */
export function urlOperations(): HostOperations {
  return {
    "url-parse": (input, base) => {
      const text = urlText(input);
      if (!isHostBounded(text)) return undefined;
      if (base === undefined) return URL.parse(text)?.href;
      const baseText = urlText(base);
      if (!isHostBounded(baseText)) return undefined;
      return URL.parse(text, baseText)?.href;
    },
    "url-update": (href, setter, value) => {
      const url = new URL(boundedUrl(href));
      const name = setters[numberIn(setter)];
      if (!name) throw new HostRefusal("ERR_INVALID_ARG_VALUE", "no setter");
      const text = urlText(value);
      const isHost = name === "host" || name === "hostname";
      if (!isHost || isEncodable(text)) url[name] = text;
      return url.href;
    },
    "url-format": (href, hash, unicode, search, auth) =>
      format(new URL(boundedUrl(href)), {
        fragment: hash === true,
        unicode: unicode === true,
        search: search === true,
        auth: auth === true,
      }),
    "url-origin": (href) => {
      const text = urlText(href);
      // The origin of a blob is that of the URL behind its scheme, which is parsed as well.
      const behind = text.replace(/^[\0- ]*blob:/i, "");
      const isBounded = isHostBounded(text) && isHostBounded(behind);
      return isBounded ? URL.parse(text)?.origin : undefined;
    },
    "url-domain-to-ascii": (domain) => {
      const text = urlText(domain);
      return isEncodable(text) ? domainToASCII(text) : "";
    },
    "url-domain-to-unicode": (domain) => {
      const text = urlText(domain);
      return isEncodable(text) ? domainToUnicode(text) : "";
    },
  };
}

/** A text that may be parsed. */
export function urlText(given: unknown): string {
  if (typeof given !== "string")
    throw new HostRefusal("ERR_INVALID_ARG_TYPE", "a URL is a text");
  if (given.length > maxUrlChars)
    throw new HostRefusal(
      "ERR_OUT_OF_RANGE",
      `a URL may have ${maxUrlChars} chars`,
    );
  return given;
}

function boundedUrl(given: unknown): string {
  const text = urlText(given);
  if (isHostBounded(text)) return text;
  throw new HostRefusal("ERR_INVALID_URL", "Invalid URL");
}

/** What may become the host of a URL with an authority: behind the slashes, or where some schemes need none. */
const hostPattern =
  /^(?:(?:https?|wss?|ftp|file):[/\\]*|[a-z][a-z0-9+.-]*:\/\/|[/\\]{2,})([^/\\?#]*)/i;

/** Whether the host within costs little to encode; a host of more chars has no address. */
export function isHostBounded(text: string): boolean {
  if (text.length <= maxEncodedHostChars) return true;
  // What a parser leaves out before it begins.
  const start = text.replace(/^[\0- ]+/, "").replaceAll(/[\t\n\r]/g, "");
  return isEncodable(hostPattern.exec(start)?.[1] ?? "");
}

function isEncodable(host: string): boolean {
  // oxlint-disable-next-line no-control-regex -- ASCII has them
  return host.length <= maxEncodedHostChars || !/[^\0-\x7f]|%|xn--/i.test(host);
}
