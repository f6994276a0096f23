/** Etags: what tells one state of a thing from another, against lost updates. */
import { hash } from "node:crypto";
import { AnnexError } from "../../proto/errors.ts";
import type { Position } from "./history.ts";

const etagCharacters = 22;

/** For lost updates. */
export interface EtagOption {
  /** Where set and not empty, refused with conflict unless it is the thing's. */
  etag?: string | undefined;
}

/** The etag of what a transaction made of a thing. It holds the history: after a restore the same revision comes again. */
export function etagOf(name: string, at: Position): string {
  const state = JSON.stringify([at.historyId, at.revision, name]);
  return hash("sha256", state, "base64url").slice(0, etagCharacters);
}

/** Throws `conflict` where an etag was given and is not the thing's. */
export function checkEtag(
  what: string,
  given: string | undefined,
  actual: string,
): void {
  if (!given || given === actual) return;
  throw new AnnexError(
    "conflict",
    `${what} was changed meanwhile: read it again, then retry with its new etag`,
  );
}
