/** What a redirect makes of a request: the Fetch standard's rules, and no step from https down to http. */
import { maxUrlChars } from "../egress-bounds.ts";
import { denied, failed } from "./problem.ts";
import { hasEmptyLabel, isHttp, type Hop } from "./request.ts";

/** As fetch. */
export const maxRedirects = 20;

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
/** Of the body: gone with it. */
const bodyHeaders = new Set([
  "content-encoding",
  "content-language",
  "content-location",
  "content-type",
]);
/** Meant for who they were sent to. */
const secretHeaders = new Set(["authorization", "cookie"]);

/** The next request; undefined where the answer is no redirect that has somewhere to go. Throws where it may not be followed. */
export function nextHop(
  hop: Hop,
  status: number,
  location: string | undefined,
): Hop | undefined {
  if (!redirectStatuses.has(status) || location === undefined) return undefined;
  const url = URL.parse(location, hop.url);
  if (!url) throw failed("a redirect led to something that is no URL");
  if (url.href.length > maxUrlChars)
    throw failed("a redirect led to a URL that is too long");
  if (!isHttp(url))
    throw denied("a redirect led to something else than http: or https:");
  if (hasEmptyLabel(url))
    throw denied("a redirect led to something that is no name of a host");
  if (hop.url.protocol === "https:" && url.protocol === "http:")
    throw denied("a redirect led from https: down to http:");
  url.username = "";
  url.password = "";
  const losesBody = losesItsBody(hop.method, status);
  const isElsewhere = url.origin !== hop.url.origin;
  const headers = hop.headers.filter(([name]) => {
    const lower = name.toLowerCase();
    if (losesBody && bodyHeaders.has(lower)) return false;
    return !(isElsewhere && secretHeaders.has(lower));
  });
  return {
    method: losesBody ? "GET" : hop.method,
    url,
    headers,
    body: losesBody ? Buffer.alloc(0) : hop.body,
    place: isElsewhere ? "the address that a redirect led to" : hop.place,
  };
}

function losesItsBody(method: string, status: number): boolean {
  if (status === 303) return method !== "GET" && method !== "HEAD";
  return (status === 301 || status === 302) && method === "POST";
}
