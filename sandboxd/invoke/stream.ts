/**
 * InvokeStream's routing: many invocations on one stream. It knows nothing of what carries the stream.
 */
import { AnnexError } from "../../proto/errors.ts";
import {
  FailureReason,
  type InvokeRequest,
  type InvokeResponse,
  type InvokeStreamRequest,
  type InvokeStreamResponse,
} from "../../proto/gen/annex/invoke/v1/invoke.ts";
import type {
  MessageReceiver,
  MessageStream,
} from "../../proto/rpc/carrier.ts";
import { grpcStatusOf } from "../../proto/rpc/status.ts";
import { overLimit } from "./admission.ts";
import type { Portion, Portions } from "./portions.ts";
import { failureResponse, notRun } from "./response.ts";

/** Invocations one stream may have in flight; more fail with `concurrency`. */
export const maxInFlightPerStream = 1024;
/** Answers a stream holds for a reader that has stopped reading; beyond it the stream is ended. */
export const maxUnsentBytes = 64 * 1024 * 1024;

/** How long a caller that has not yet read that the host drains may still send. */
const drainGraceMs = 250;

export type InvokeOne = (
  request: InvokeRequest,
  signal: AbortSignal,
) => Promise<InvokeResponse>;

export interface InvokeStreamOptions {
  /** Shared with the host's other streams. */
  portions: Portions;
  invoke: InvokeOne;
  /** Called when the stream is done with. */
  onOver: () => void;
}

/** Serves one stream. */
export class InvokeStream implements MessageReceiver<InvokeStreamRequest> {
  readonly #stream: MessageStream<InvokeStreamResponse>;
  readonly #invoke: InvokeOne;
  readonly #onOver: () => void;
  readonly #inFlight = new Map<bigint, AbortController>();
  readonly #portion: Portion;
  #unsentBytes = 0;
  #isBehind = false;
  #hasEnded = false;
  #isDrained = false;
  #isOver = false;

  constructor(
    stream: MessageStream<InvokeStreamResponse>,
    { portions, invoke, onOver }: InvokeStreamOptions,
  ) {
    this.#stream = stream;
    this.#invoke = invoke;
    this.#onOver = onOver;
    this.#portion = portions.open({
      pause: () => stream.pause(),
      resume: () => this.#resume(),
    });
  }

  message({ id, message }: InvokeStreamRequest): void {
    const isInvoke = message?.$case === "invoke";
    this.#portion.take(isInvoke ? message.value.payload.length : 0);
    switch (message?.$case) {
      case "invoke":
        return this.#begin(id, message.value);
      case "cancel":
        return this.#inFlight.get(id)?.abort();
      case undefined:
        return this.#refuse(
          id,
          new AnnexError("invalid", "the message is empty"),
        );
    }
  }

  ended(): void {
    this.#hasEnded = true;
    this.#endIfDone();
  }

  drained(): void {
    this.#unsentBytes = 0;
    if (!this.#isBehind) return;
    this.#isBehind = false;
    this.#resume();
  }

  closed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const call of this.#inFlight.values()) call.abort();
    this.#onOver();
  }

  /** Asks the caller to go elsewhere; what is in flight, or comes within a moment, is still answered. */
  drain(): void {
    this.#send(0n, { $case: "draining", value: {} }, 0);
    setTimeout(() => {
      this.#isDrained = true;
      this.#endIfDone();
    }, drainGraceMs);
  }

  #resume(): void {
    if (!this.#isBehind && !this.#portion.isResting && !this.#isOver)
      this.#stream.resume();
  }

  #begin(id: bigint, request: InvokeRequest): void {
    if (id === 0n)
      return this.#refuse(
        id,
        new AnnexError("invalid", "0 is no id of a call"),
      );
    if (this.#inFlight.has(id))
      return this.#refuse(
        id,
        new AnnexError("invalid", `id ${id} is in flight already`),
      );
    if (this.#inFlight.size >= maxInFlightPerStream)
      return this.#refuseCrowd(id);
    const call = new AbortController();
    this.#inFlight.set(id, call);
    this.#invoke(request, call.signal).then(
      (response) => {
        this.#inFlight.delete(id);
        this.#respond(id, response);
      },
      (error: unknown) => {
        this.#inFlight.delete(id);
        this.#refuse(id, error);
      },
    );
  }

  #refuseCrowd(id: bigint): void {
    const failure = overLimit(
      "concurrency",
      "in_flight_per_stream",
      maxInFlightPerStream,
      maxInFlightPerStream + 1,
    );
    this.#respond(id, failureResponse(notRun(""), failure, false));
  }

  #respond(id: bigint, response: InvokeResponse): void {
    const { outcome } = response;
    const payloadBytes =
      outcome?.$case === "result" ? outcome.value.payload.length : 0;
    if (
      outcome?.$case === "failure" &&
      outcome.value.reason === FailureReason.CONCURRENCY
    )
      this.#portion.refused();
    this.#send(id, { $case: "response", value: response }, payloadBytes);
  }

  #refuse(id: bigint, thrown: unknown): void {
    const { code, message } = AnnexError.from(thrown);
    this.#send(
      id,
      { $case: "error", value: { code: grpcStatusOf(code), message } },
      0,
    );
  }

  #send(
    id: bigint,
    message: InvokeStreamResponse["message"],
    payloadBytes: number,
  ): void {
    if (this.#isOver) return;
    if (this.#isBehind && this.#unsentBytes > maxUnsentBytes)
      return this.#giveUp();
    const isKeepingUp = this.#stream.send({ id, message });
    if (isKeepingUp) this.#unsentBytes = 0;
    else this.#fallBehind(payloadBytes);
    this.#endIfDone();
  }

  /** The reader is slow: no new calls until it has caught up. */
  #fallBehind(payloadBytes: number): void {
    this.#unsentBytes += payloadBytes;
    if (this.#isBehind) return;
    this.#isBehind = true;
    this.#stream.pause();
  }

  #giveUp(): void {
    const message = `more than ${maxUnsentBytes} bytes of answers wait for a reader that has stopped reading (unsent_bytes)`;
    this.#stream.end(new AnnexError("exhausted", message));
    this.closed();
  }

  #endIfDone(): void {
    if (this.#inFlight.size > 0 || this.#isOver) return;
    if (this.#hasEnded) this.#stream.end();
    else if (this.#isDrained)
      this.#stream.end(new AnnexError("unavailable", "this host is draining"));
  }
}
