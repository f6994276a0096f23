/** The caller: a process of its own that makes calls when told, and times each. */
import type {
  CallerReply,
  CallerRequest,
  LoadOutcome,
  Measured,
} from "./messages.ts";
import { AnnexClients, openAnnexStream, openAnnexUnary } from "./annex.ts";
import { openGrpcStream, openGrpcUnary, openRawEcho } from "./echo.ts";
import { openHttp } from "./http.ts";
import type { Target, TargetSpec } from "./target.ts";

serve();

function serve(): void {
  const targets = new Map<string, Target>();
  const clients = new AnnexClients();
  let load: Load | undefined;

  const answer = async (request: CallerRequest): Promise<CallerReply> => {
    switch (request.type) {
      case "open":
        targets.set(request.name, await open(request.target, clients));
        return { type: "done" };
      case "run":
        return {
          type: "measured",
          ...(await run(target(request.name), request.calls, request.inFlight)),
        };
      case "start-load":
        load = new Load(target(request.name));
        return { type: "done" };
      case "stop-load":
        return { type: "load", calls: 0, ...(await load?.stop()) };
      default:
        return impossible(request);
    }
  };
  const target = (name: string): Target => {
    const found = targets.get(name);
    if (!found) throw new Error(`no target ${name} is open`);
    return found;
  };

  process.on("message", (request: CallerRequest) => {
    answer(request).then(
      (reply) => process.send?.(reply),
      (error: unknown) =>
        process.send?.({
          type: "failed",
          message: String(error),
        } satisfies CallerReply),
    );
  });
  process.on("disconnect", () => process.exit());
  process.send?.("ready");
}

function impossible(what: never): never {
  throw new Error(`cannot be: ${JSON.stringify(what)}`);
}

async function open(spec: TargetSpec, clients: AnnexClients): Promise<Target> {
  switch (spec.kind) {
    case "raw-echo":
      return await openRawEcho(spec.socket);
    case "grpc-stream":
      return openGrpcStream(spec.socket);
    case "grpc-unary":
      return openGrpcUnary(spec.socket);
    case "http":
      return openHttp(spec.socket);
    case "annex-stream":
      return openAnnexStream(spec, clients);
    case "annex-unary":
      return openAnnexUnary(spec);
    default:
      return impossible(spec);
  }
}

async function run(
  target: Target,
  calls: number,
  inFlight: number,
): Promise<Measured> {
  const latenciesUs = new Float64Array(calls);
  let started = 0;
  let answered = 0;
  let coldCalls = 0;
  let failures = 0;
  let firstFailure = "";
  const once = async () => {
    const start = performance.now();
    try {
      const { cold } = await target.call();
      latenciesUs[answered++] = (performance.now() - start) * 1000;
      if (cold) coldCalls += 1;
    } catch (error) {
      if (failures++ === 0) firstFailure = String(error);
    }
  };
  const loop = async () => {
    while (started < calls) {
      started += 1;
      await once();
    }
  };
  // One target's garbage must not be collected at the expense of the next.
  globalThis.gc?.();
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, loop));
  return {
    latenciesUs: latenciesUs.subarray(0, answered),
    elapsedMs: performance.now() - start,
    coldCalls,
    failures,
    firstFailure,
  };
}

class Load {
  #isStopped = false;
  readonly #over: Promise<LoadOutcome>;

  constructor(target: Target) {
    this.#over = this.#loop(target);
  }

  async stop(): Promise<LoadOutcome> {
    this.#isStopped = true;
    return await this.#over;
  }

  /** Ends early where a call fails: who stops it is told. */
  async #loop(target: Target): Promise<LoadOutcome> {
    let calls = 0;
    try {
      for (; !this.#isStopped; calls++) await target.call();
    } catch (error) {
      return { calls, failure: String(error) };
    }
    return { calls };
  }
}
