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
import { Admission, checkRequest, type AdmissionLimits } from "./admission.ts";
import { createInvocationIds } from "./invocation-ids.ts";
import {
  failureResponse,
  notRun,
  resultResponse,
  skippedResponse,
  type Answer,
} from "./response.ts";
import { noContainer, resolve, type Resolver } from "./resolve.ts";
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

export interface InvokerLimits extends AdmissionLimits {
  /** The longest an invocation may take, awaits included. */
  wallMs: number;
  /** The longest its code may run without returning to the event loop. */
  syncMs: number;
  /** The CPU time it may use in all. */
  cpuMs: number;
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
  catalog: Resolver & BundleStore;
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
  const admission = new Admission(limits);
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
    };
    const refused = admission.enter(request);
    if (refused) return fail(invocation, refused);
    try {
      if (caller.signal?.aborted) throw cancelled();
      return caller.source === undefined
        ? await invokeTarget(invocation)
        : await invokeSource(invocation, caller.source);
    } catch (error) {
      conclude(invocation, { outcome: "error" });
      throw error;
    } finally {
      admission.leave(request.container);
    }
  }

  async function invokeTarget(invocation: Invocation): Promise<InvokeResponse> {
    const serving = resolve(catalog, invocation.request);
    if ("skipped" in serving) {
      conclude(invocation, { outcome: "skipped" });
      return skippedResponse(invocation.id, serving.skipped);
    }
    if ("reason" in serving) return fail(invocation, serving);
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
    return (
      "version" in serving && serving.version.digest === tried.version.digest
    );
  }

  /** Runs the code as it is; what that cannot do is built by the control plane and then taken from this host's disk. */
  async function invokeSource(
    invocation: Invocation,
    source: Uint8Array,
  ): Promise<InvokeResponse> {
    const { container } = invocation.request;
    if (!catalog.hasContainer(container))
      return fail(invocation, noContainer(container));
    const version = versions.inline(container, source);
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
    const isDeadline =
      request.timeoutMs > 0 && request.timeoutMs < limits.wallMs;
    const wallMs = isDeadline ? request.timeoutMs : limits.wallMs;
    return {
      invocationId: id,
      payload: request.payload,
      contentType:
        request.contentType === "" ? "application/json" : request.contentType,
      wallMs: Math.max(1, wallMs - spentMs),
      wallClock: isDeadline ? "deadline" : "wall_time",
      syncMs: limits.syncMs,
      cpuMs: limits.cpuMs,
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
      timings: timingsOf(ran),
      extension:
        invocation.request.target?.$case === "point"
          ? serving?.extension
          : undefined,
    };
    return isFailure
      ? failureResponse(frame, outcome.failure, invocation.caller.mayManage)
      : resultResponse(frame, outcome);
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
    { request, id, startedAt }: Invocation,
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

function timingsOf(ran: Run): {
  queueUs: number;
  startUs: number;
  runUs: number;
} {
  return {
    queueUs: microseconds(ran.acquiredAt - ran.admittedAt),
    startUs: microseconds(ran.loadedAt - ran.acquiredAt),
    runUs: ran.runUs,
  };
}

function microseconds(ms: number): number {
  return Math.max(0, Math.round(ms * 1000));
}
