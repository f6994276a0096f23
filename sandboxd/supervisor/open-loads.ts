/** The versions that one executor was asked to load and has not yet told of, and those whose top level has left timers. */
import { maxFrameBytes } from "../frames.ts";
import type {
  ExecutorRequest,
  LoadedReply,
  LoadFailure,
  SettledReply,
} from "../protocol.ts";
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
  /** Its answer has been told, and timers of its top level go on. */
  isLoaded: boolean;
  settle: (failure: LoadFailure | undefined) => void;
}

/** Of a bundle with its source map: with its head, which holds secrets, it must go into one frame. No publish lets it come so far. */
const maxBundleBytes = maxFrameBytes - 4 * 1024 * 1024;

/** Timers of a top level belong to no invocation; they end so long after its run could have ended. */
const topLevelTimersMs = 1000;

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
    const bytes = bundle.content.length;
    if (bytes > maxBundleBytes) return Promise.resolve(tooLarge(bytes));
    const { id, held } = request;
    const { timeoutMs, heapLimitMb, nowMs: sentMs } = limits;
    const { container, fileName, secrets, meta, runtime } = request.version;
    return new Promise((settle) => {
      const dueMs = sentMs + timeoutMs;
      this.#loads.set(id, {
        held,
        settle,
        sentMs,
        dueMs,
        sliceMs: timeoutMs,
        isLoaded: false,
      });
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
          ...(runtime !== undefined && { runtime }),
          ...(heapLimitMb !== undefined && { heapLimitMb }),
          timeoutMs,
          timersMs: topLevelTimersMs,
        },
        bundle.content,
      );
    });
  }

  /** False where no such load is open. */
  loaded({ id, failure, compileUs, isSettled }: LoadedReply): boolean {
    const open = this.#loads.get(id);
    if (!open || open.isLoaded) return false;
    open.isLoaded = true;
    open.dueMs += topLevelTimersMs;
    if (isSettled || failure) this.#loads.delete(id);
    open.held.compileUs = compileUs;
    open.settle(failure);
    return true;
  }

  /** False where no such load has left anything. */
  settled({ id }: SettledReply): boolean {
    return this.#loads.get(id)?.isLoaded === true && this.#loads.delete(id);
  }
}

function tooLarge(observed: number): LoadFailure {
  const limit = { name: "bundle_bytes", value: maxBundleBytes, observed };
  const message = `too large: its bundle has ${observed} bytes with its source map, and an executor takes ${maxBundleBytes}; publish a smaller one`;
  return { reason: "memory", message, limit };
}
