/** One stream to sandboxd and the calls in flight on it. It opens when first used, and again after it was lost. */
import { AnnexError } from "../../proto/errors.ts";
import type {
  InvokeRequest,
  InvokeResponse,
  InvokeStreamRequest,
  InvokeStreamResponse,
} from "../../proto/gen/annex/invoke/v1/invoke.ts";
import type { MessageStream } from "../../proto/rpc/carrier.ts";
import type { HopConnection } from "../../proto/rpc/hop-client.ts";
import { codeOfGrpcStatus } from "../../proto/rpc/status.ts";
import { outcomeOf, timedOut, type Outcome } from "./outcome.ts";

/** How much longer than its timeout a call waits for the host's own word that it is over. */
const timeoutGraceMs = 250;
/** A longer one would end the stream for every call on it: gRPC takes messages of 8 MiB. */
const maxPayloadBytes = 8 * 1024 * 1024 - 64 * 1024;

interface PendingCall {
  /** Undefined: no answer came in time. */
  resolve: (response: InvokeResponse | undefined) => void;
  reject: (error: Error) => void;
}

export class Link {
  readonly #dial: () => HopConnection;
  /** The one in use, and those that drain. */
  readonly #streams = new Set<OpenStream>();
  #open: OpenStream | undefined;
  #isClosed = false;

  constructor(dial: () => HopConnection) {
    this.#dial = dial;
  }

  async invoke(
    request: InvokeRequest,
    signal: AbortSignal | undefined,
  ): Promise<Outcome> {
    if (this.#isClosed)
      throw new AnnexError("cancelled", "the client is closed");
    if (signal?.aborted) throw givenUp();
    if (request.payload.length > maxPayloadBytes)
      throw new AnnexError(
        "exhausted",
        `the payload has ${request.payload.length} bytes; a message carries at most ${maxPayloadBytes}`,
      );
    this.#open = this.#open?.isUsable ? this.#open : this.#openStream();
    return await this.#open.call(request, signal);
  }

  close(): void {
    this.#isClosed = true;
    for (const stream of this.#streams)
      stream.close(new AnnexError("cancelled", "the client was closed"));
  }

  #openStream(): OpenStream {
    const stream: OpenStream = new OpenStream(this.#dial(), () =>
      this.#streams.delete(stream),
    );
    this.#streams.add(stream);
    return stream;
  }
}

class OpenStream {
  readonly #connection: HopConnection;
  readonly #onOver: () => void;
  readonly #stream: MessageStream<InvokeStreamRequest>;
  readonly #pending = new Map<bigint, PendingCall>();
  #nextId = 1n;
  #isDraining = false;
  #isOver = false;

  constructor(connection: HopConnection, onOver: () => void) {
    this.#connection = connection;
    this.#onOver = onOver;
    this.#stream = connection.openStream({
      message: (message) => this.#take(message),
      ended: () => undefined, // `closed` follows
      drained: () => undefined, // what a caller may have in flight is bounded by the host
      closed: (error) => this.close(lostError(error)),
    });
  }

  get isUsable(): boolean {
    return !this.#isOver && !this.#isDraining;
  }

  call(
    request: InvokeRequest,
    signal: AbortSignal | undefined,
  ): Promise<Outcome> {
    const id = this.#nextId++;
    const answer = new Promise<InvokeResponse | undefined>((resolve, reject) =>
      this.#pending.set(id, { resolve, reject }),
    );
    this.#stream.send({ id, message: { $case: "invoke", value: request } });
    const outcome = answer.then((response) =>
      response ? outcomeOf(response) : timedOut(request.timeoutMs),
    );
    if (!signal && request.timeoutMs === 0) return outcome;
    return this.#bounded(id, outcome, request.timeoutMs, signal);
  }

  close(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    this.#stream.end(error);
    this.#connection.close();
    this.#onOver();
  }

  async #bounded(
    id: bigint,
    outcome: Promise<Outcome>,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Outcome> {
    const giveUp = (): void => this.#cancel(id)?.reject(givenUp());
    const timer =
      timeoutMs > 0
        ? setTimeout(
            () => this.#cancel(id)?.resolve(undefined),
            timeoutMs + timeoutGraceMs,
          )
        : undefined;
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      return await outcome;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    }
  }

  #cancel(id: bigint): PendingCall | undefined {
    const pending = this.#remove(id);
    if (pending)
      this.#stream.send({ id, message: { $case: "cancel", value: {} } });
    return pending;
  }

  #take({ id, message }: InvokeStreamResponse): void {
    switch (message?.$case) {
      case "response":
        return this.#remove(id)?.resolve(message.value);
      case "error": {
        const { code, message: text } = message.value;
        return this.#remove(id)?.reject(
          new AnnexError(codeOfGrpcStatus(code), text),
        );
      }
      case "draining":
        this.#isDraining = true;
        return this.#closeIfDrained();
      case undefined:
        return; // a newer host may say more than this client knows
    }
  }

  #remove(id: bigint): PendingCall | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#isDraining) setImmediate(() => this.#closeIfDrained());
    return pending;
  }

  #closeIfDrained(): void {
    if (this.#isDraining && this.#pending.size === 0)
      this.close(new AnnexError("unavailable", "the host is draining"));
  }
}

function givenUp(): AnnexError {
  return new AnnexError("cancelled", "the call was given up by its signal");
}

function lostError(error: unknown): AnnexError {
  if (error instanceof AnnexError && error.code !== "unavailable") return error;
  const detail = error instanceof Error ? `: ${error.message}` : "";
  return new AnnexError(
    "unavailable",
    `the connection to sandboxd was lost${detail}`,
    {
      cause: error,
    },
  );
}
