/** What a request's target names. */
import { AnnexError } from "../../proto/errors.ts";

/** What /api/run/{container}[/{extension}[/*]] names. */
export interface RunTarget {
  container: string;
  /** Absent: the code is in the request. */
  extension?: string;
  /** The whole path as it was sent: code sees it so, as webtask's did. */
  path: string;
  /** Without its question mark, as it was sent. */
  query: string;
}

/** The path of a request's target, as it was sent. */
export function pathOf(url: string | undefined): string {
  return partsOf(url).path;
}

/** Throws `not_found` for any other path, `invalid` for names that cannot be decoded. */
export function runTargetOf(url: string | undefined): RunTarget {
  const { path, query } = partsOf(url);
  const [empty, api, run, container = "", extension = ""] = path.split("/");
  if (empty !== "" || api !== "api" || run !== "run" || container === "")
    throw new AnnexError(
      "not_found",
      "nothing is served here; code runs at /api/run/{container} and /api/run/{container}/{extension}",
    );
  return {
    container: decodeName(container),
    ...(extension !== "" && { extension: decodeName(extension) }),
    path,
    query,
  };
}

function partsOf(url = ""): { path: string; query: string } {
  // A proxy may send the absolute form, http://authority/path.
  const target = url.replace(/^https?:\/\/[^/?#]*/i, "");
  const start = target.indexOf("?");
  if (start === -1) return { path: target, query: "" };
  return { path: target.slice(0, start), query: target.slice(start + 1) };
}

function decodeName(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch (cause) {
    throw new AnnexError(
      "invalid",
      "a name in the path is malformed: write % as %25",
      { cause },
    );
  }
}
