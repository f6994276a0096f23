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
