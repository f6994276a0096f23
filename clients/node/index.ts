/**
 * @annex/client: calls extensions over the local socket of sandboxd.
 *
 *     const annex = connect({ socket: process.env.ANNEX_SOCKET });
 *     const outcome = await annex.invoke({ container: 'acme', point: 'pre-user-registration', payload: { user } });
 *     if (outcome.kind === 'result') use(outcome.payload);
 */
import { connectHop } from "../../proto/rpc/hop-client.ts";
import { Link } from "./link.ts";
import type { Outcome } from "./outcome.ts";
import { requestOf, type InvokeOptions } from "./request.ts";
import { socketPathOf } from "./socket-path.ts";

export type { FailureReason, FailureSource } from "../../proto/errors.ts";
export { AnnexError, type ErrorCode } from "../../proto/errors.ts";
export type {
  FailureOutcome,
  Outcome,
  ResultOutcome,
  SkippedOutcome,
} from "./outcome.ts";
export type { InvokeOptions } from "./request.ts";

export interface ConnectOptions {
  /** The socket of sandboxd: a path, or unix:///abs/path. Default /run/annex/sandboxd.sock. */
  socket?: string | undefined;
  /** Names this service in logs and traces of the host. */
  caller?: string;
  /** A container token, where the host wants one. */
  token?: string;
}

/** A connection to the host's sandboxd. It dials at the first call, and again by itself whenever it was lost. */
export interface Annex {
  /**
   * Runs an extension, or what is bound at a point. What the callee did wrong is in the outcome. Rejects with an AnnexError
   * where the call could not be handled: `unavailable` (no sandboxd, or the connection was lost: safe to retry where the
   * callee may run twice), `invalid`, `unauthenticated`, `denied`, `exhausted`, `cancelled` (by `signal`), `internal`.
   */
  invoke(options: InvokeOptions): Promise<Outcome>;
  /** Ends the connection; what is in flight rejects with `cancelled`. */
  close(): Promise<void>;
}

/** Payloads above this many bytes go by a second stream, so that a large one never stands before a small one. */
const bulkBytes = 64 * 1024;
/** Targets remembered for having answered with more than that. */
const maxBulkTargets = 1000;

/** Makes a client; it connects when first used. */
export function connect(options: ConnectOptions = {}): Annex {
  const socketPath = socketPathOf(options.socket);
  const small = new Link(() => connectHop(socketPath));
  const bulk = new Link(() => connectHop(socketPath));
  const bulkTargets = new Set<string>();

  async function invoke(invokeOptions: InvokeOptions): Promise<Outcome> {
    const request = requestOf(invokeOptions, options);
    const target = `${request.container}/${request.target?.value ?? ""}`;
    const isBulk =
      request.payload.length > bulkBytes || bulkTargets.has(target);
    const outcome = await (isBulk ? bulk : small).invoke(
      request,
      invokeOptions.signal,
    );
    if (
      !isBulk &&
      outcome.kind === "result" &&
      outcome.bytes.length > bulkBytes
    )
      remember(target);
    return outcome;
  }

  function remember(target: string): void {
    if (bulkTargets.size >= maxBulkTargets) bulkTargets.clear();
    bulkTargets.add(target);
  }

  return {
    invoke,
    close() {
      small.close();
      bulk.close();
      return Promise.resolve();
    },
  };
}
