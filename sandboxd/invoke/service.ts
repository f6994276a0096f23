/** InvokeService on the socket: who may call, and each method's way to the invoker. */
import { AnnexError } from "../../proto/errors.ts";
import type {
  DiscoverRequest,
  DiscoverResponse,
  InvokeRequest,
  InvokeResponse,
} from "../../proto/gen/annex/invoke/v1/invoke.ts";
import type { CallContext } from "../../proto/rpc/carrier.ts";
import type { HopHandlers } from "../../proto/rpc/hop-server.ts";
import { mayManage, mayRun, type TokenVerifier } from "../../proto/token.ts";
import type { Invoker } from "./invoker.ts";
import { Portions } from "./portions.ts";
import { InvokeStream } from "./stream.ts";

export interface InvokeServiceDependencies {
  invoker: Invoker;
  verifier: TokenVerifier;
  /** Refuse calls without a token. */
  isTokenRequired: boolean;
  bindings: (container: string) => {
    point: string;
    extension: {
      extension: string;
      enabled: boolean;
      version: { number: number };
    };
  }[];
  /** False while starting and while draining: calls are refused as unavailable. */
  isServing: () => boolean;
  log: { error(fields: object, message: string): void };
}

export interface InvokeService extends HopHandlers {
  /** Asks the callers of all open streams to go elsewhere. */
  drain(): void;
}

export function createInvokeService(
  dependencies: InvokeServiceDependencies,
): InvokeService {
  const { invoker, verifier, isTokenRequired, bindings, isServing, log } =
    dependencies;
  const streams = new Set<InvokeStream>();
  const portions = new Portions();

  async function invokeOne(
    request: InvokeRequest,
    signal: AbortSignal,
  ): Promise<InvokeResponse> {
    try {
      checkServing();
      const isAnonymous = request.token === "" && !isTokenRequired;
      const caller = isAnonymous ? anonymous : await authorize(request);
      return await invoker.invoke(request, { ...caller, signal });
    } catch (error) {
      // What crosses the wire is a fixed phrase: here it is seen whole for the last time.
      if (AnnexError.from(error).code === "internal")
        log.error({ err: error }, "invocation failed unexpectedly");
      throw error;
    }
  }

  function checkServing(): void {
    if (isServing()) return;
    throw new AnnexError("unavailable", "this host is not ready; try again");
  }

  async function authorize({ token, container, target }: AuthorizedFields) {
    if (token === "")
      throw new AnnexError(
        "unauthenticated",
        "this host needs a token: set InvokeRequest.token",
      );
    const claims = await verifier.verify(token);
    const extension = target?.$case === "extension" ? target.value : undefined;
    if (!mayRun(claims, container, extension))
      throw new AnnexError(
        "denied",
        `the token may not call this in container ${container}`,
      );
    return { mayManage: mayManage(claims, container) };
  }

  return {
    invoke: (request, context) =>
      invokeOne(withContext(request, context), context.signal),
    async discover(request: DiscoverRequest): Promise<DiscoverResponse> {
      checkServing();
      const { token, container, point } = request;
      if (container === "")
        throw new AnnexError("invalid", "container is empty");
      if (token !== "" || isTokenRequired)
        await authorize({ ...emptyRequest, token, container });
      const found = bindings(container).filter(
        (bound) => point === "" || bound.point === point,
      );
      return {
        bindings: found.map(
          ({ point: at, extension: { extension, enabled, version } }) => ({
            point: at,
            extension,
            enabled,
            version: version.number,
          }),
        ),
      };
    },
    openStream(stream, context) {
      const open = new InvokeStream(stream, {
        portions,
        invoke: (request, signal) =>
          invokeOne(withTrace(request, context), signal),
        onOver: () => streams.delete(open),
      });
      streams.add(open);
      return open;
    },
    drain() {
      for (const stream of streams) stream.drain();
    },
  };
}

/** Whoever may open the socket may call; what is for a container's own developers is not told. */
const anonymous = { mayManage: false };

type AuthorizedFields = Pick<InvokeRequest, "token" | "container" | "target">;
const emptyRequest: AuthorizedFields = {
  token: "",
  container: "",
  target: undefined,
};

/** The earlier of timeout_ms and the gRPC deadline wins; the field's trace context wins over the metadata's. */
function withContext(
  request: InvokeRequest,
  context: CallContext,
): InvokeRequest {
  const { remainingMs } = context;
  if (remainingMs !== undefined) {
    const leftMs = Math.max(1, Math.floor(remainingMs));
    request.timeoutMs =
      request.timeoutMs === 0 ? leftMs : Math.min(request.timeoutMs, leftMs);
  }
  return withTrace(request, context);
}

function withTrace(
  request: InvokeRequest,
  context: { traceparent: string; tracestate: string },
): InvokeRequest {
  if (request.traceparent !== "" || context.traceparent === "") return request;
  request.traceparent = context.traceparent;
  request.tracestate = context.tracestate;
  return request;
}
