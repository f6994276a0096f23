/** The executor: versions, each in an isolate of its own, and one isolate made ahead so that a load need not wait for it. */
import type {
  CancelRequest,
  ExecutorRequest,
  InvokeRequest,
  LoadRequest,
  StartRequest,
} from "../protocol.ts";
import { GuestIsolate, type Library, type CodedScript } from "./isolate.ts";
import { Pace } from "./pace.ts";
import { rehearse } from "./rehearsal.ts";
import type { Reply } from "./main.ts";
import type { EgressNews } from "./outward.ts";
import { defaultRuntime, surfaceOf } from "./runtimes.ts";
import { SourcePlaces } from "./stack.ts";
import { GuestVersion } from "./version.ts";

export interface ExecutorParts {
  runtime: CodedScript;
  library: Library;
  reply: Reply;
}

export class Executor {
  readonly #parts: ExecutorParts;
  readonly #versions = new Map<string, GuestVersion>();
  readonly #pace = new Pace();
  #settings: StartRequest | undefined;
  #spare: GuestIsolate | undefined;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  /** Does what the supervisor asks; what comes before `start`, or a second `start`, is a breach. */
  handle(request: ExecutorRequest, body: Buffer): void {
    if ((request.type === "start") === (this.#settings !== undefined))
      throw new Error("start must come first, and once");
    switch (request.type) {
      case "start":
        this.#start(request);
        return;
      case "load":
        this.#load(request, body);
        return;
      case "update":
        this.#versions.get(request.version)?.configure(request);
        return;
      case "unload":
        this.#unload(request.version);
        return;
      case "invoke":
        this.#invoke(request, body);
        return;
      case "cancel":
        this.#cancel(request);
        return;
      case "egress-head":
      case "egress-note":
      case "egress-chunk":
      case "egress-end":
      case "egress-failure":
        this.#takeEgress(request, body);
    }
  }

  #start(settings: StartRequest): void {
    this.#settings = settings;
    const { isStocked } = settings;
    const isolate = this.#newIsolate(settings, settings);
    this.#spare = rehearse(isolate, settings, isStocked);
    this.#parts.reply({ type: "ready" });
  }

  #load(request: LoadRequest, body: Buffer): void {
    const settings = this.#settings;
    if (!settings) return;
    this.#unload(request.version);
    const { heapLimitMb = settings.heapLimitMb } = request;
    const limits = { ...settings, heapLimitMb };
    const { runtime = defaultRuntime } = request;
    const isolate =
      (runtime === defaultRuntime ? this.#takeSpare(heapLimitMb) : undefined) ??
      this.#newIsolate(settings, limits, runtime);
    const { reply } = this.#parts;
    const { bundleBytes, fileName } = request;
    const map = Buffer.from(body.subarray(bundleBytes));
    const version = new GuestVersion(request.version, {
      places: new SourcePlaces(fileName, map),
      isolate,
      limits,
      pace: this.#pace,
      reply,
    });
    this.#versions.set(request.version, version);
    const source = body.toString("utf8", 0, bundleBytes);
    version.load(request, source, (outcome) => {
      if (outcome.failure) {
        version.dispose();
        if (this.#versions.get(request.version) === version)
          this.#versions.delete(request.version);
      }
      reply({ type: "loaded", id: request.id, ...outcome });
    });
  }

  #takeSpare(heapLimitMb: number): GuestIsolate | undefined {
    const spare = this.#spare;
    if (spare?.heapLimitMb !== heapLimitMb) return undefined;
    this.#spare = undefined;
    return spare.isLost ? undefined : spare;
  }

  #unload(name: string): void {
    this.#versions.get(name)?.dispose();
    this.#versions.delete(name);
  }

  /** A version may have been discarded while the call was on its way: then it may run elsewhere. */
  #invoke(request: InvokeRequest, body: Buffer): void {
    const version = this.#versions.get(request.version);
    if (version && !version.isLost) version.invoke(request, body);
    else this.#parts.reply({ type: "displaced", id: request.id, effects: 0 });
  }

  #cancel({ id }: CancelRequest): void {
    for (const version of this.#versions.values())
      if (version.cancel(id)) return;
  }

  /** What comes for a call that is no longer open is dropped. */
  #takeEgress(news: EgressNews, body: Buffer): void {
    for (const version of this.#versions.values())
      if (version.takeEgress(news, body)) return;
  }

  #newIsolate(
    settings: StartRequest,
    { heapLimitMb }: { heapLimitMb: number },
    runtime = defaultRuntime,
  ): GuestIsolate {
    const { maxResultBytes, maxLogBytes } = settings;
    const { maxOpenHostCalls, maxHostCalls, maxOpenEgress } = settings;
    return new GuestIsolate({
      ...surfaceOf(runtime, this.#parts),
      heapLimitMb,
      limits: {
        maxResultBytes,
        maxLogBytes,
        maxOpenHostCalls,
        maxHostCalls,
        maxOpenEgress,
      },
    });
  }
}
