import type { Change, Position, Resource } from "../domain/history.ts";

/** What every function that changes something takes besides. */
export interface ChangeOptions {
  /** Checks everything and changes nothing; the answer is what it would have been. */
  validateOnly?: boolean | undefined;
  /** W3C trace context that pushes of this change continue. */
  traceparent?: string | undefined;
}

/** For lost updates. */
export interface EtagOption {
  /** Where set and not empty, refused with conflict unless it is the thing's. */
  etag?: string | undefined;
}

/** What changed since a position, read in one transaction. */
export interface Changes {
  position: Position;
  /** True where the past is of another history or compacted: `changes` then names everything there is. */
  resync: boolean;
  /** Oldest change first. */
  changes: Change[];
}

/** Keeps the history: which resources changed, and when last. */
export interface ChangeStore {
  position(): Promise<Position>;
  /** Of a restored store, the history that its backup was taken from. */
  parentHistoryId(): Promise<string | undefined>;
  /** What changed after a position; everything there is (removed things not) without one, or where a resync is needed. */
  read(
    since: Position | undefined,
    filter?: (resource: Resource) => boolean,
  ): Promise<Changes>;
  /** The names of everything there is. */
  allNames(): Promise<string[]>;
  /** Calls back after every commit that changed something, until the function it returns is called. */
  onChange(listener: () => void): () => void;
  /** Forgets what was removed up to a revision: hosts that have not come so far will resync. */
  compact(throughRevision: number): Promise<void>;
}
