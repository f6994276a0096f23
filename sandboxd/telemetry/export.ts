/**
 * Sampled spans on their way to the thread that exports them. Encoding, TLS and retries are the worker's; this side only
 * copies spans and bounds how many are out.
 */
/* oxlint-disable unicorn/require-post-message-target-origin -- a worker thread has no origin */
import { EventEmitter, once } from "node:events";
import { Worker } from "node:worker_threads";
import { TraceFlags } from "@opentelemetry/api";
import type {
  Attributes,
  HrTime,
  SpanContext,
  SpanKind,
  SpanStatus,
} from "@opentelemetry/api";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace";
import type {
  BatchSettings,
  ServiceIdentity,
  TraceExporter,
} from "./settings.ts";

/** A span context as it crosses to the worker. */
export interface PlainSpanContext {
  traceId: string;
  spanId: string;
  traceFlags: number;
  traceState: string;
  isRemote: boolean;
}

/** An ended span as it crosses to the worker: nothing in it but what a structured clone can carry. */
export interface PlainSpan {
  name: string;
  kind: SpanKind;
  context: PlainSpanContext;
  parent: PlainSpanContext | undefined;
  startTime: HrTime;
  endTime: HrTime;
  duration: HrTime;
  status: SpanStatus;
  attributes: Attributes;
  events: ReadableSpan["events"];
  droppedAttributesCount: number;
  droppedEventsCount: number;
}

/** What the worker is started with. */
export interface ExportWorkerData {
  exporter: TraceExporter;
  identity: ServiceIdentity;
  scopeName: string;
}

/** Supervisor → worker. */
export type ExportRequest =
  | { type: "spans"; spans: PlainSpan[] }
  /** Export what is waiting now. */
  | { type: "flush" };

/** Worker → supervisor: so many spans are off its hands, exported or (with `error`) given up. */
export interface ExportReply {
  count: number;
  error?: string;
}

/** What the processor tells of: counts for the metrics, changes for the log. */
export interface ExportEvents {
  dropped(count: number): void;
  /** Exporting began to fail, with the reason, or works again. */
  changed(error: string | undefined): void;
}

/** How many spans cross at once: copying one costs the event loop about a microsecond. */
const postBatchSpans = 32;
/** How long a span waits for others to cross with. */
const postDelayMs = 50;
/** A flush, and so the close, waits no longer for the receiver, whatever an export may take. */
const maxFlushMs = 3000;
/** A worker that died is started again, but not in a loop. */
const restartAfterMs = 5000;
const workerHeapMb = 128;

/** Hands sampled spans to the worker that exports them; beyond its queue they are dropped and counted. */
export class WorkerSpanProcessor implements SpanProcessor {
  readonly #workerData: ExportWorkerData;
  readonly #batch: BatchSettings;
  readonly #events: ExportEvents;
  readonly #progress = new EventEmitter();
  #worker: Worker | undefined;
  #startedMs = -Infinity;
  #waiting: PlainSpan[] = [];
  #timer: NodeJS.Timeout | undefined;
  #postedCount = 0;
  #settledCount = 0;
  #lastError: string | undefined;
  #isClosed = false;

  constructor(
    workerData: ExportWorkerData,
    batch: BatchSettings,
    events: ExportEvents,
  ) {
    this.#workerData = workerData;
    this.#batch = batch;
    this.#events = events;
    this.#worker = this.#startWorker();
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    const context = span.spanContext();
    if ((context.traceFlags & TraceFlags.SAMPLED) === 0) return;
    if (this.#isClosed || this.#queuedCount() >= this.#batch.maxQueueSize)
      return this.#events.dropped(1);
    this.#waiting.push(plainSpan(span, context));
    if (this.#waiting.length >= postBatchSpans) this.#post();
    else this.#timer ??= setTimeout(() => this.#post(), postDelayMs).unref();
  }

  /** Resolves when all spans ended so far are exported or given up, or after a bound. */
  async forceFlush(): Promise<void> {
    this.#post();
    const worker = this.#worker;
    if (!worker || this.#settledCount === this.#postedCount) return;
    // Referenced only while somebody waits: an exporter alone must not keep the process.
    worker.ref();
    worker.postMessage({ type: "flush" } satisfies ExportRequest);
    await this.#settled(this.#postedCount);
    worker.unref();
  }

  async shutdown(): Promise<void> {
    if (this.#isClosed) return;
    await this.forceFlush();
    this.#isClosed = true;
    await this.#worker?.terminate();
  }

  #queuedCount(): number {
    return this.#waiting.length + this.#postedCount - this.#settledCount;
  }

  #post(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const spans = this.#waiting;
    if (spans.length === 0) return;
    this.#waiting = [];
    this.#worker ??= this.#restartWorker();
    if (!this.#worker) return this.#events.dropped(spans.length);
    this.#postedCount += spans.length;
    this.#worker.postMessage({ type: "spans", spans } satisfies ExportRequest);
  }

  #restartWorker(): Worker | undefined {
    if (performance.now() - this.#startedMs < restartAfterMs) return undefined;
    return this.#startWorker();
  }

  #startWorker(): Worker {
    this.#startedMs = performance.now();
    const worker = new Worker(new URL("worker.ts", import.meta.url), {
      workerData: this.#workerData,
      resourceLimits: { maxOldGenerationSizeMb: workerHeapMb },
    });
    worker.unref();
    worker.on("message", (reply: ExportReply) => this.#settle(reply));
    worker.on("error", (error) => this.#changed(String(error)));
    worker.on("exit", () => this.#lost());
    return worker;
  }

  #settle({ count, error }: ExportReply): void {
    if (error !== undefined) this.#events.dropped(count);
    this.#settledCount += count;
    this.#changed(error);
    this.#progress.emit("settled");
  }

  /** What a dead worker had in hand is gone. */
  #lost(): void {
    this.#worker = undefined;
    const count = this.#postedCount - this.#settledCount;
    if (count > 0) this.#events.dropped(count);
    this.#settledCount = this.#postedCount;
    this.#progress.emit("settled");
  }

  #changed(error: string | undefined): void {
    if ((error === undefined) === (this.#lastError === undefined)) return;
    this.#lastError = error;
    this.#events.changed(error);
  }

  async #settled(count: number): Promise<void> {
    const { exportTimeoutMillis } = this.#batch;
    const signal = AbortSignal.timeout(
      Math.min(exportTimeoutMillis, maxFlushMs),
    );
    try {
      while (this.#settledCount < count)
        await once(this.#progress, "settled", { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

function plainSpan(span: ReadableSpan, context: SpanContext): PlainSpan {
  return {
    name: span.name,
    kind: span.kind,
    context: plainContext(context),
    parent: span.parentSpanContext && plainContext(span.parentSpanContext),
    startTime: span.startTime,
    endTime: span.endTime,
    duration: span.duration,
    status: span.status,
    attributes: span.attributes,
    events: span.events,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
  };
}

function plainContext(context: SpanContext): PlainSpanContext {
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    traceFlags: context.traceFlags,
    traceState: context.traceState?.serialize() ?? "",
    isRemote: context.isRemote ?? false,
  };
}
