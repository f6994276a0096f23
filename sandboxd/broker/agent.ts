/** undici's connections of one container, each opened for a request and given up with it. */
import type { Socket } from "node:net";
import {
  Agent,
  Client,
  Pool,
  type buildConnector,
  type Dispatcher,
} from "undici";

/** Opens a connection; rejects when the signal of the request that it is for is raised. */
export type Open = (
  wanted: buildConnector.Options,
  signal: AbortSignal,
) => Promise<Socket>;

const maxConnectionsPerOrigin = 32;
const idleMs = 4000;
const maxHeaderSize = 16 * 1024;

/** An agent whose connections are opened so. */
export function createAgent(open: Open): Agent {
  return new Agent({
    factory: (origin) =>
      new Pool(origin, {
        connections: maxConnectionsPerOrigin,
        factory: (url) => new RequestClient(url, open),
      }),
  });
}

/** Remembers whose request it opens its connection for: undici tells a connector nothing of it. */
class RequestClient extends Client {
  #signal: AbortSignal | undefined;

  constructor(origin: URL, open: Open) {
    super(origin, {
      connect: (wanted, callback) => {
        open(wanted, this.#signal ?? new AbortController().signal).then(
          (socket) => callback(null, socket),
          (error: unknown) =>
            callback(
              error instanceof Error ? error : new Error("failed"),
              null,
            ),
        );
      },
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      maxHeaderSize,
    });
  }

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    // The options are those of `request`, which its types do not say.
    if ("signal" in options && options.signal instanceof AbortSignal)
      this.#signal = options.signal;
    return super.dispatch(options, handler);
  }
}
