/** The versions that one executor was asked to load and has not yet told of. */
import type { ExecutorRequest, LoadedReply, LoadFailure } from "../protocol.ts";
import type { LoadableVersion } from "./call.ts";
import type { HeldVersion } from "./held-versions.ts";

/** What a version's load may take. */
export interface LoadLimits {
  timeoutMs: number;
  /** undefined: as the executor was started with. */
  heapLimitMb: number | undefined;
}

export interface OpenLoad {
  held: HeldVersion;
  sentMs: number;
  dueMs: number;
  sliceMs: number;
  settle: (failure: LoadFailure | undefined) => void;
}

export class OpenLoads {
  readonly #send: (head: ExecutorRequest, body: Uint8Array) => void;
  readonly #loads = new Map<number, OpenLoad>();

  constructor(send: (head: ExecutorRequest, body: Uint8Array) => void) {
    this.#send = send;
  }

  all(): Iterable<OpenLoad> {
    return this.#loads.values();
  }

  /** Takes all of them out: their process is gone. */
  takeAll(): OpenLoad[] {
    const loads = [...this.#loads.values()];
    this.#loads.clear();
    return loads;
  }

  /** Asks for a version; resolves with why it could not be loaded. */
  open(
    request: { id: number; version: LoadableVersion; held: HeldVersion },
    bundle: Awaited<ReturnType<LoadableVersion["read"]>>,
    limits: LoadLimits & { nowMs: number },
  ): Promise<LoadFailure | undefined> {
    const { id, held } = request;
    const { timeoutMs, heapLimitMb, nowMs: sentMs } = limits;
    const { container, fileName, secrets, meta } = request.version;
    return new Promise((settle) => {
      const dueMs = sentMs + timeoutMs;
      this.#loads.set(id, { held, settle, sentMs, dueMs, sliceMs: timeoutMs });
      this.#send(
        {
          type: "load",
          id,
          version: held.name,
          bundleBytes: bundle.bundleBytes,
          fileName,
          container,
          secrets,
          meta,
          ...(heapLimitMb !== undefined && { heapLimitMb }),
          timeoutMs,
        },
        bundle.content,
      );
    });
  }

  /** False where no such load is open. */
  loaded({ id, failure, compileUs }: LoadedReply): boolean {
    const open = this.#loads.get(id);
    if (!open) return false;
    this.#loads.delete(id);
    open.held.compileUs = compileUs;
    open.settle(failure);
    return true;
  }
}
