/** Lists come in pages; a page token names the last key of the page before. */
import { AnnexError } from "../../proto/errors.ts";

const defaultPageSize = 100;
const maxPageSize = 1000;

/** Which part of a list is asked for. */
export interface PageRequest {
  /** 1 to 1,000; 0 or unset means 100. */
  pageSize?: number | undefined;
  /** From the page before; empty or unset for the first. */
  pageToken?: string | undefined;
}

/** One part of a list. */
export interface Page<Item> {
  items: Item[];
  /** Empty on the last page. */
  nextPageToken: string;
}

/** A page request, checked. */
export interface PageRange {
  size: number;
  /** The last key of the page before. */
  after: string | undefined;
}

/** Checks a page request; throws `invalid`. */
export function pageRangeOf(request: PageRequest): PageRange {
  const size = request.pageSize || defaultPageSize;
  if (!Number.isInteger(size) || size < 1 || size > maxPageSize)
    throw new AnnexError(
      "invalid",
      `page_size is ${size}: it is 1 to ${maxPageSize}, or 0 for ${defaultPageSize}`,
    );
  if (!request.pageToken) return { size, after: undefined };
  return { size, after: keyOf(request.pageToken) };
}

/** Makes a page of the rows read, of which there is one more than the page holds where another page follows. */
export function pageOf<Item>(
  range: PageRange,
  rows: Item[],
  keyOfItem: (item: Item) => string,
): Page<Item> {
  const items = rows.slice(0, range.size);
  const last = items.at(-1);
  if (rows.length <= range.size || last === undefined)
    return { items, nextPageToken: "" };
  return { items, nextPageToken: tokenOf(keyOfItem(last)) };
}

function tokenOf(key: string): string {
  return Buffer.from(key).toString("base64url");
}

function keyOf(token: string): string {
  const key = Buffer.from(token, "base64url").toString();
  if (tokenOf(key) === token) return key;
  throw new AnnexError(
    "invalid",
    "page_token is not one of ours: bring the next_page_token of the page before, unchanged",
  );
}
