/** A control plane in memory: each stream is a pair of queues that a test holds in its hands. */
import { createHash } from "node:crypto";
import { PassThrough } from "node:stream";
import { vi } from "vitest";
import {
  Change,
  type Ack,
  type DeepPartial,
  type Held,
  type Hello,
  SyncRequest,
  SyncResponse,
} from "../../../../proto/gen/annex/sync/v1/sync.ts";
import type { SyncConnection } from "../../../../sandboxd/sync/dependencies.ts";

export class FakeControlPlane {
  readonly streams: FakeStream[] = [];
  isAway = false;

  connect(): SyncConnection {
    if (this.isAway) throw new Error("connection refused");
    const stream = new FakeStream();
    this.streams.push(stream);
    return stream.connection();
  }

  /** The n-th stream, from 0, once its Hello is there. */
  async stream(index: number): Promise<FakeStream> {
    return vi.waitFor(() => {
      const stream = this.streams[index];
      if (!stream?.hello) throw new Error(`no Hello on stream ${index} yet`);
      return stream;
    }, patience);
  }
}

export class FakeStream {
  readonly received: SyncRequest[] = [];
  hasEnded = false;
  readonly #responses = new PassThrough({ objectMode: true });
  #nonces = 0;

  get hello(): Hello | undefined {
    const [first] = this.received;
    return first?.message?.$case === "hello" ? first.message.value : undefined;
  }

  get acks(): Ack[] {
    return this.received.flatMap(({ message }) =>
      message?.$case === "ack" ? [message.value] : [],
    );
  }

  get held(): Held[] {
    return this.received.flatMap(({ message }) =>
      message?.$case === "held" ? [message.value] : [],
    );
  }

  connection(): SyncConnection {
    const collect = async (
      requests: AsyncIterable<DeepPartial<SyncRequest>>,
    ): Promise<void> => {
      for await (const request of requests)
        this.received.push(SyncRequest.fromPartial(request));
    };
    return {
      client: {
        sync: (requests, { signal }) => {
          void collect(requests);
          signal.addEventListener("abort", () =>
            this.#responses.destroy(new Error("cancelled")),
          );
          return this.#responses;
        },
      },
      close: () => {
        this.hasEnded = true;
      },
    };
  }

  say(message: DeepPartial<SyncResponse>["message"]): void {
    this.#responses.write(SyncResponse.fromPartial({ message }));
  }

  welcome(historyId: string, resync = false, historyToken = ""): void {
    this.say({ $case: "welcome", value: { historyId, resync, historyToken } });
  }

  /** Sends a change; gives its nonce. */
  change(
    revision: bigint,
    resource: DeepPartial<Change>["resource"],
    options: { historyId?: string; traceparent?: string } = {},
  ): string {
    const { historyId = "h1", traceparent = "" } = options;
    const nonce = `n${++this.#nonces}`;
    const position = { historyId, revision };
    const value = { nonce, position, traceparent, resource };
    this.say({ $case: "change", value });
    return nonce;
  }

  caughtUp(revision: bigint, historyId = "h1"): void {
    this.say({
      $case: "caughtUp",
      value: { position: { historyId, revision } },
    });
  }

  /** Ends the stream as a control plane does that is stopped. */
  end(): void {
    this.#responses.end();
  }

  /** The acknowledgement of a change, once it is there. */
  async ack(nonce: string): Promise<Ack> {
    return vi.waitFor(() => {
      const ack = this.acks.find((one) => one.nonce === nonce);
      if (!ack) throw new Error(`no ack of ${nonce} yet`);
      return ack;
    }, patience);
  }
}

/** How long a test waits for what must come. */
export const patience = { timeout: 5_000, interval: 2 };

export function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

interface StateOptions {
  container?: string;
  extension?: string;
  number?: number;
  code?: string;
  runtime?: string;
  enabled?: boolean;
  points?: string[];
  secrets?: Record<string, string>;
  meta?: Record<string, string>;
  quarantineReleases?: number;
  /** What comes in place of the bundle; empty for none. */
  sent?: string | Buffer;
}

/** The state of an extension whose bundle is `code`. */
export function extensionState(
  options: StateOptions = {},
): DeepPartial<Change>["resource"] & { $case: "extension" } {
  const { container = "acme", extension = "hello", number = 1 } = options;
  const { code = `version ${number}`, runtime = "2026.1" } = options;
  const { enabled = true, points = [], secrets = {}, meta = {} } = options;
  const { quarantineReleases = 0 } = options;
  const bundle = Buffer.from(options.sent ?? code);
  const version = {
    number,
    digest: sha256(code),
    runtime,
    bundle,
    sourceMap: bundle.length > 0 ? Buffer.from('{"mappings":""}') : bundle,
    bundleBytes: BigInt(Buffer.byteLength(code)),
  };
  return {
    $case: "extension",
    value: {
      container,
      extension,
      enabled,
      version,
      points,
      secrets,
      meta,
      quarantineReleases,
    },
  };
}
