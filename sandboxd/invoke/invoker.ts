/**
 * The way of an invocation, whichever carrier it came by: admit, resolve, run, answer; what is to be remembered of it is
 * written down after the answer has left. All that resolving needs is in memory.
 */
import { AnnexError, type CallFailure } from "../../proto/errors.ts";
import type {
  InvokeRequest,
  InvokeResponse,
} from "../../proto/gen/annex/invoke/v1/invoke.ts";
import { checkRequest, payloadRefusal } from "./admission.ts";
import {
  cancelled,
  createEndings,
  type Invocation,
  type InvocationOutcome,
} from "./conclude.ts";
import { createInvocationIds } from "./invocation-ids.ts";
import { HeldPayloads, type HeldPayloadLimits } from "./held-payloads.ts";
import { createCallLimits, type Clocks, type LimitSource } from "./limits.ts";
import {
  noContainer,
  resolve,
  type Resolution,
  type Resolver,
} from "./resolve.ts";
import type { Call, Run } from "./run.ts";
import { Turns, type TurnLimits, type TurnLimitSource } from "./turns.ts";
import {
  createVersions,
  mayNeedBuild,
  trialVersion,
  type BundleStore,
  type LoadableVersion,
  type ServedExtension,
  type Trial,
} from "./versions.ts";

/** Who calls. */
export interface Caller {
  /** May see stacks: its token manages the container. */
  mayManage: boolean;
  /** Gives the call up: `invoke` then rejects with `cancelled`. */
  signal?: AbortSignal | undefined;
  /** Code that came with the request, to run in place of a target. */
  source?: Uint8Array | undefined;
  /** What to run in place of the target's version. */
  trial?: Trial | undefined;
}

export interface Invoker {
  /** Rejects only where the call could not be handled; what the callee did wrong is in the response. */
  invoke(request: InvokeRequest, caller: Caller): Promise<InvokeResponse>;
  /** Calls that wait for their turn, of all containers. */
  waitingCalls(): number;
  /** Payloads of calls that wait or run, small ones left out. */
  heldPayloadBytes(): number;
}

/** The host's defaults. */
export interface InvokerLimits extends Clocks, TurnLimits, HeldPayloadLimits {
  readonly maxPayloadBytes: number;
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

export function createInvoker(
  limits: InvokerLimits,
  dependencies: InvokerDependencies,
): Invoker {
  const { catalog } = dependencies;
  const ends = createEndings(dependencies.record);
  const turns = new Turns(limits, catalog);
  const held = new HeldPayloads(limits);
  const limitsOf = createCallLimits(limits, catalog);
  const nextId = createInvocationIds();
  const versions = createVersions(catalog);

  async function invoke(
    request: InvokeRequest,
    caller: Caller,
  ): Promise<InvokeResponse> {
    checkRequest(request, caller.source !== undefined);
    const invocation: OpenInvocation = {
      request,
      caller,
      mayManage: caller.mayManage,
      id: nextId(),
      startedAt: performance.now(),
      queuedMs: 0,
      limits: undefined,
      run: undefined,
      serving: undefined,
    };
    try {
      return answerAtOnce(invocation) ?? (await invokeHeld(invocation));
    } catch (error) {
      ends.broken(invocation);
      throw error;
    }
  }

  /** The answer of a call of which nothing is to run: it waits for no turn. */
  function answerAtOnce(
    invocation: OpenInvocation,
  ): InvokeResponse | undefined {
    const { request, caller } = invocation;
    if (caller.signal?.aborted) throw cancelled();
    const tooLarge = payloadRefusal(request, limits.maxPayloadBytes);
    if (tooLarge) return ends.failed(invocation, tooLarge);
    if (caller.source !== undefined || caller.trial)
      return catalog.hasContainer(request.container)
        ? undefined
        : ends.failed(invocation, noContainer(request.container));
    const found = resolve(catalog, request);
    return isServed(found) ? undefined : ends.notServed(invocation, found);
  }

  async function invokeHeld(
    invocation: OpenInvocation,
  ): Promise<InvokeResponse> {
    const { request, caller } = invocation;
    const { container, payload } = request;
    const { source, trial } = caller;
    const bytes = payload.length + (source ?? trial?.content ?? "").length;
    const refusal = held.take(container, bytes);
    if (refusal) return ends.failed(invocation, refusal);
    try {
      return await invokeInTurn(invocation);
    } finally {
      held.release(container, bytes);
    }
  }

  async function invokeInTurn(
    invocation: OpenInvocation,
  ): Promise<InvokeResponse> {
    const { request, caller, startedAt } = invocation;
    const { container } = request;
    const callLimits = (invocation.limits = limitsOf(request));
    const dueAt = startedAt + callLimits.wallMs;
    const turn = turns.take(container, dueAt, caller.signal);
    if (turn !== "turn") {
      if ("reason" in turn) return ends.failed(invocation, turn);
      const end = await turn;
      invocation.queuedMs = performance.now() - startedAt;
      if (end === "given up") throw cancelled();
      if (end === "expired") return ends.expired(invocation, callLimits);
    }
    try {
      if (caller.trial) return await invokeTrial(invocation, caller.trial);
      return caller.source === undefined
        ? await invokeTarget(invocation)
        : await invokeSource(invocation, caller.source);
    } finally {
      turns.leave(container);
    }
  }

  async function invokeTarget(
    invocation: OpenInvocation,
  ): Promise<InvokeResponse> {
    const serving = resolve(catalog, invocation.request);
    if (!isServed(serving)) return ends.notServed(invocation, serving);
    try {
      const ran = await run(invocation, versions.served(serving));
      invocation.serving = serving;
      return ends.ran(invocation, ran);
    } catch (error) {
      // Its version may have ceased to serve, and its bundle be gone, while the call waited for an executor. Nothing ran.
      if (hasNothingNewer(invocation, serving, error)) throw error;
      return invokeTarget(invocation);
    }
  }

  function hasNothingNewer(
    invocation: OpenInvocation,
    tried: ServedExtension,
    error: unknown,
  ): boolean {
    const isUnavailable =
      error instanceof AnnexError && error.code === "unavailable";
    if (!isUnavailable) return true;
    const serving = resolve(catalog, invocation.request);
    return isServed(serving) && serving.version.digest === tried.version.digest;
  }

  async function invokeTrial(
    invocation: OpenInvocation,
    trial: Trial,
  ): Promise<InvokeResponse> {
    const { container, target } = invocation.request;
    const extension = catalog.extension(container, target?.value ?? "");
    const version = trialVersion(container, trial, extension);
    return ends.ran(invocation, await run(invocation, version));
  }

  /** Runs the code as it is; what that cannot do is built by the control plane and then taken from this host's disk. */
  async function invokeSource(
    invocation: OpenInvocation,
    source: Uint8Array,
  ): Promise<InvokeResponse> {
    const version = versions.inline(invocation.request.container, source);
    const first = await run(invocation, version);
    if (
      !first.isUnloadable ||
      first.outcome.kind !== "failed" ||
      !mayNeedBuild(first.outcome.failure)
    )
      return ends.ran(invocation, first);
    const refusal = await dependencies.buildInline(version, source);
    if (refusal) return ends.failed(invocation, refusal);
    return ends.ran(invocation, await run(invocation, version));
  }

  /** What comes of it stays with the invocation, which may end otherwise. */
  async function run(
    invocation: OpenInvocation,
    version: LoadableVersion,
  ): Promise<Run> {
    const { signal } = invocation.caller;
    const ran = await dependencies.run(version, callOf(invocation), signal);
    invocation.run = ran;
    return ran;
  }

  function callOf({ id, request, startedAt, limits: own }: Invocation): Call {
    const spentMs = Math.floor(performance.now() - startedAt);
    const { wallMs, ...callLimits } = own ?? limitsOf(request);
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

  return {
    invoke,
    waitingCalls: () => turns.waitingCalls,
    heldPayloadBytes: () => held.bytes,
  };
}

interface OpenInvocation extends Invocation {
  readonly caller: Caller;
}

function isServed(found: Resolution): found is ServedExtension {
  return "version" in found;
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
