/** SyncService: the stream of each host, and builds for code that came with a request. */
import { setTimeout as delay } from "node:timers/promises";
import { AnnexError } from "../../proto/errors.ts";
import type { RpcContext } from "../../proto/rpc/service.ts";
import type {
  BuildRequest,
  BuildResponse,
  Hello,
  SyncRequest,
  SyncResponse,
} from "../../proto/gen/annex/sync/v1/sync.ts";
import { buildInline, type BuildSource } from "./inline-build.ts";
import { Subscriber, type SubscriberDeps } from "./subscriber.ts";

/** How long a stream may take to say Hello. */
export const helloTimeoutMs = 10_000;

/** What the service needs. */
export interface SyncServiceDeps extends SubscriberDeps {
  may: { host(context: RpcContext): Promise<unknown> };
  build: BuildSource;
}

/** What serves SyncService. */
export interface SyncImplementation {
  sync(
    requests: AsyncIterable<SyncRequest>,
    context: RpcContext,
  ): AsyncGenerator<SyncResponse>;
  build(request: BuildRequest, context: RpcContext): Promise<BuildResponse>;
}

/** SyncService over a store and a fleet. */
export function syncService(deps: SyncServiceDeps): SyncImplementation {
  const { may } = deps;
  return {
    async *sync(requests, context) {
      await may.host(context);
      const iterator = requests[Symbol.asyncIterator]();
      const hello = await readHello(iterator);
      const { signal } = context;
      const stillWelcome = async () => void (await may.host(context));
      const call = { hello, requests: iterator, signal, stillWelcome };
      yield* new Subscriber(deps, call).run();
    },
    async build({ source }, context) {
      await may.host(context);
      return { outcome: await buildInline(deps.build, source, context) };
    },
  };
}

async function readHello(requests: AsyncIterator<SyncRequest>): Promise<Hello> {
  const heard = new AbortController();
  const tooLate = delay(helloTimeoutMs, undefined, {
    signal: heard.signal,
    ref: false,
  });
  tooLate.catch(() => {}); // it ends so when Hello came
  const first = await Promise.race([requests.next(), tooLate]);
  heard.abort();
  if (!first)
    throw new AnnexError("deadline", `no Hello within ${helloTimeoutMs} ms`);
  const message = first.done ? undefined : first.value.message;
  if (message?.$case === "hello") return message.value;
  throw new AnnexError("invalid", "the first message must be Hello");
}
