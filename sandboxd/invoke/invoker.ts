/**
 * The way of an invocation, whichever carrier it came by: admit, resolve, run, answer; what is to be remembered of it is
 * written down after the answer has left. All that resolving needs is in memory.
 */
import { AnnexError, type CallFailure } from "../../proto/errors.ts";
import type {
  InvokeRequest,
  InvokeResponse,
} from "../../proto/gen/annex/invoke/v1/invoke.ts";
import type { LogLine } from "../protocol.ts";
import { checkRequest, payloadRefusal } from "./admission.ts";
import { createInvocationIds } from "./invocation-ids.ts";
import {
  createCallLimits,
  type CallLimits,
  type Clocks,
  type LimitSource,
} from "./limits.ts";
import {
  failureResponse,
  notRun,
  resultResponse,
  skippedResponse,
  type Answer,
} from "./response.ts";
import {
  noContainer,
  resolve,
  type Resolution,
  type Resolver,
} from "./resolve.ts";
import { Turns, type TurnLimits, type TurnLimitSource } from "./turns.ts";
import {
  createVersions,
  mayNeedBuild,
  type BundleStore,
  type LoadableVersion,
  type ServedExtension,
} from "./versions.ts";

/** Who calls. */
export interface Caller {
  /** May see stacks: its token manages the container. */
  mayManage: boolean;
  /** Gives the call up: `invoke` then rejects with `cancelled`. */
  signal?: AbortSignal | undefined;
  /** Code that came with the request, to run in place of a target. */
  source?: Uint8Array | undefined;
}

export interface Invoker {
  /** Rejects only where the call could not be handled; what the callee did wrong is in the response. */
  invoke(request: InvokeRequest, caller: Caller): Promise<InvokeResponse>;
}

/** The host's defaults. */
export interface InvokerLimits extends Clocks, TurnLimits {
  readonly maxPayloadBytes: number;
}

/** What the supervisor tells of a call. Times are in milliseconds of performance.now(). */
export interface Run {
  outcome:
    | ({ kind: "answered"; logs?: GuestLogs | undefined } & Answer)
    | { kind: "failed"; failure: CallFailure; logs?: GuestLogs | undefined }
    | { kind: "cancelled" };
  isCold: boolean;
  isUnloadable: boolean;
  admittedAt: number;
  acquiredAt: number;
  loadedAt: number;
  endedAt: number;
  runUs: number;
  compileUs: number;
  /** What it asked of others, as far as that ended before it did. */
  egress: readonly OutwardRequest[];
}

/** A request outward, as the supervisor tells of it. Times as above. */
export interface OutwardRequest {
  method: string;
  /** Scheme, host and port. */
  origin: string;
  startedAt: number;
  endedAt: number;
  /** 0: no answer. */
  status: number;
  sentBytes: number;
  receivedBytes: number;
  outcome: "answered" | "aborted" | "denied" | "limit" | "failed";
}

interface GuestLogs {
  lines: LogLine[];
  dropped: number;
}

interface Call {
  invocationId: string;
  payload: Uint8Array;
  contentType: string;
  wallMs: number;
  wallClock: "wall_time" | "deadline";
  syncMs: number;
  cpuMs: number;
  http?: {
    method: string;
    path: string;
    query: string;
    headers: [string, string][];
  };
}

export interface InvokerDependencies {
  catalog: Resolver & BundleStore & LimitSource & TurnLimitSource;
  run: (
    version: LoadableVersion,
    call: Call,
    signal?: AbortSignal,
  ) => Promise<Run>;
  /** Has the control plane build code that came with a request; rejects where that is away. */
  buildInline: (
    version: { container: string; sourceDigest: string },
    source: Uint8Array,
  ) => Promise<CallFailure | undefined>;
  /** Called after the answer has left. */
  record: (record: InvocationOutcome) => void;
}

/** An invocation that is over. */
export interface InvocationOutcome {
  request: InvokeRequest;
  invocationId: string;
  serving: ServedExtension | undefined;
  /** Milliseconds of performance.now(). */
  startedAt: number;
  /** How long of that it waited for its turn. */
  queuedMs: number;
  endedAt: number;
  run: Run | undefined;
  outcome: "result" | "failure" | "skipped" | "error";
  failure: CallFailure | undefined;
}

export function createInvoker(
  limits: InvokerLimits,
  dependencies: InvokerDependencies,
): Invoker {
  const { catalog, run, record } = dependencies;
  const turns = new Turns(limits, catalog);
  const limitsOf = createCallLimits(limits, catalog);
  const nextId = createInvocationIds();
  const versions = createVersions(catalog);

  async function invoke(
    request: InvokeRequest,
    caller: Caller,
  ): Promise<InvokeResponse> {
    checkRequest(request, caller.source !== undefined);
    const invocation: Invocation = {
      request,
      caller,
      id: nextId(),
      startedAt: performance.now(),
      queuedMs: 0,
    };
    try {
      return answerAtOnce(invocation) ?? (await invokeInTurn(invocation));
    } catch (error) {
      conclude(invocation, { outcome: "error" });
      throw error;
    }
  }

  /** The answer of a call of which nothing is to run: it waits for no turn. */
  function answerAtOnce(invocation: Invocation): InvokeResponse | undefined {
    const { request, caller } = invocation;
    if (caller.signal?.aborted) throw cancelled();
    const tooLarge = payloadRefusal(request, limits.maxPayloadBytes);
    if (tooLarge) return fail(invocation, tooLarge);
    if (caller.source !== undefined)
      return catalog.hasContainer(request.container)
        ? undefined
        : fail(invocation, noContainer(request.container));
    const found = resolve(catalog, request);
    return isServed(found) ? undefined : notServed(invocation, found);
  }

  async function invokeInTurn(invocation: Invocation): Promise<InvokeResponse> {
    const { request, caller, startedAt } = invocation;
    const { container } = request;
    const callLimits = limitsOf(request);
    const dueAt = startedAt + callLimits.wallMs;
    const turn = turns.take(container, dueAt, caller.signal);
    if (turn !== "turn") {
      if ("reason" in turn) return fail(invocation, turn);
      const end = await turn;
      invocation.queuedMs = performance.now() - startedAt;
      if (end === "given up") throw cancelled();
      if (end === "expired")
        return fail(invocation, expiredInLine(callLimits, invocation));
    }
    try {
      return caller.source === undefined
        ? await invokeTarget(invocation)
        : await invokeSource(invocation, caller.source);
    } finally {
      turns.leave(container);
    }
  }

  async function invokeTarget(invocation: Invocation): Promise<InvokeResponse> {
    const serving = resolve(catalog, invocation.request);
    if (!isServed(serving)) return notServed(invocation, serving);
    try {
      const ran = await run(
        versions.served(serving),
        callOf(invocation),
        invocation.caller.signal,
      );
      return answer(invocation, ran, serving);
    } catch (error) {
      // Its version may have ceased to serve, and its bundle be gone, while the call waited for an executor. Nothing ran.
      if (hasNothingNewer(invocation, serving, error)) throw error;
      return invokeTarget(invocation);
    }
  }

  function hasNothingNewer(
    invocation: Invocation,
    tried: ServedExtension,
    error: unknown,
  ): boolean {
    const isUnavailable =
      error instanceof AnnexError && error.code === "unavailable";
    if (!isUnavailable) return true;
    const serving = resolve(catalog, invocation.request);
    return isServed(serving) && serving.version.digest === tried.version.digest;
  }

  /** Runs the code as it is; what that cannot do is built by the control plane and then taken from this host's disk. */
  async function invokeSource(
    invocation: Invocation,
    source: Uint8Array,
  ): Promise<InvokeResponse> {
    const version = versions.inline(invocation.request.container, source);
    const first = await run(
      version,
      callOf(invocation),
      invocation.caller.signal,
    );
    if (
      !first.isUnloadable ||
      first.outcome.kind !== "failed" ||
      !mayNeedBuild(first.outcome.failure)
    )
      return answer(invocation, first, undefined);
    const refusal = await dependencies.buildInline(version, source);
    if (refusal) return fail(invocation, refusal);
    return answer(
      invocation,
      await run(version, callOf(invocation), invocation.caller.signal),
      undefined,
    );
  }

  function callOf({ id, request, startedAt }: Invocation): Call {
    const spentMs = Math.floor(performance.now() - startedAt);
    const { wallMs, ...callLimits } = limitsOf(request);
    return {
      invocationId: id,
      payload: request.payload,
      contentType:
        request.contentType === "" ? "application/json" : request.contentType,
      ...callLimits,
      wallMs: Math.max(1, wallMs - spentMs),
      ...(request.http && { http: guestRequestOf(request.http) }),
    };
  }

  function answer(
    invocation: Invocation,
    ran: Run,
    serving: ServedExtension | undefined,
  ): InvokeResponse {
    const { outcome } = ran;
    if (outcome.kind === "cancelled") throw cancelled();
    const isFailure = outcome.kind === "failed";
    conclude(invocation, {
      outcome: isFailure ? "failure" : "result",
      failure: isFailure ? outcome.failure : undefined,
      run: ran,
      serving,
    });
    const frame = {
      invocationId: invocation.id,
      version: serving?.version.number ?? 0,
      isCold: ran.isCold,
      timings: timingsOf(ran, invocation.queuedMs),
      extension:
        invocation.request.target?.$case === "point"
          ? serving?.extension
          : undefined,
    };
    return isFailure
      ? failureResponse(frame, outcome.failure, invocation.caller.mayManage)
      : resultResponse(frame, outcome);
  }

  function notServed(
    invocation: Invocation,
    found: Exclude<Resolution, ServedExtension>,
  ): InvokeResponse {
    if ("reason" in found) return fail(invocation, found);
    conclude(invocation, { outcome: "skipped" });
    return skippedResponse(invocation.id, found.skipped);
  }

  function fail(invocation: Invocation, failure: CallFailure): InvokeResponse {
    conclude(invocation, { outcome: "failure", failure });
    return failureResponse(
      notRun(invocation.id),
      failure,
      invocation.caller.mayManage,
    );
  }

  function conclude(
    { request, id, startedAt, queuedMs }: Invocation,
    end: Pick<InvocationOutcome, "outcome"> & Partial<InvocationOutcome>,
  ): void {
    const { outcome, failure, run: ran, serving } = end;
    const endedAt = performance.now();
    setImmediate(() =>
      record({
        request,
        invocationId: id,
        serving,
        startedAt,
        queuedMs,
        endedAt,
        run: ran,
        outcome,
        failure,
      }),
    );
  }

  return { invoke };
}

interface Invocation {
  request: InvokeRequest;
  caller: Caller;
  id: string;
  startedAt: number;
  /** How long it waited for its turn. */
  queuedMs: number;
}

function isServed(found: Resolution): found is ServedExtension {
  return "version" in found;
}

/** Of a call whose time was over before its turn came. */
function expiredInLine(
  { wallMs, wallClock }: CallLimits,
  { queuedMs }: Invocation,
): CallFailure {
  return {
    reason: wallClock,
    message: `no answer within ${wallMs} ms: the call waited for others of its container to end`,
    limit: {
      name: wallClock === "deadline" ? "timeout_ms" : "wall_ms",
      value: wallMs,
      observed: Math.round(queuedMs),
    },
  };
}

function cancelled(): AnnexError {
  return new AnnexError("cancelled", "the caller gave the call up");
}

function guestRequestOf(
  http: NonNullable<InvokeRequest["http"]>,
): NonNullable<Call["http"]> {
  return {
    method: http.method === "" ? "POST" : http.method,
    path: http.path === "" ? "/" : http.path,
    query: http.query,
    headers: http.headers.map(({ name, value }) => [name, value]),
  };
}

function timingsOf(
  ran: Run,
  queuedMs: number,
): {
  queueUs: number;
  startUs: number;
  runUs: number;
} {
  return {
    queueUs: microseconds(queuedMs + ran.acquiredAt - ran.admittedAt),
    startUs: microseconds(ran.loadedAt - ran.acquiredAt),
    runUs: ran.runUs,
  };
}

function microseconds(ms: number): number {
  return Math.max(0, Math.round(ms * 1000));
}
