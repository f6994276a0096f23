/** A host as the control plane sees it: one Sync stream, driven by the test message by message. */
import { on, once, EventEmitter } from "node:events";
import { onTestFinished } from "vitest";
import {
  HeldState,
  SyncServiceDefinition,
  type Change,
  type DeepPartial,
  type Hello,
  type SyncRequest,
  type SyncResponse,
} from "../../proto/gen/annex/sync/v1/sync.ts";
import { TokenKind } from "../../proto/gen/annex/control/v1/token.ts";
import { connectRpc } from "../../proto/rpc/client.ts";
import { adminOf, type TestControlPlane } from "./controlplane.ts";

type Message = NonNullable<SyncResponse["message"]>;
type MessageOf<Case extends Message["$case"]> = Extract<
  Message,
  { $case: Case }
>["value"];

/** A stream as the test holds it. */
export class FakeHost {
  readonly received: Message[] = [];
  /** Why the stream ended, where it has. */
  ended: Promise<unknown>;
  /** Acknowledge changes by itself. */
  isAnswering = true;
  readonly #events = new EventEmitter();
  readonly #closing = new AbortController();
  #taken = 0;

  constructor(address: string, token: string, hello: DeepPartial<Hello>) {
    const { client, close } = connectRpc(SyncServiceDefinition, {
      address,
      token,
    });
    const { signal } = this.#closing;
    const requests = this.#requests(hello);
    this.ended = this.#read(client.sync(requests, { signal })).finally(close);
  }

  /** The next message, which must be of this kind. */
  async next<Case extends Message["$case"]>(
    kind: Case,
  ): Promise<MessageOf<Case>> {
    const message = await this.#take();
    if (message.$case !== kind)
      throw new Error(`expected ${kind}, got ${JSON.stringify(message.$case)}`);
    // Just compared.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return message.value as MessageOf<Case>;
  }

  /** The next change, whatever else comes before it. */
  async nextChange(): Promise<Change> {
    for (;;) {
      const message = await this.#take();
      if (message.$case === "change") return message.value;
    }
  }

  /** The changes until CaughtUp. */
  async untilCaughtUp(): Promise<{
    changes: Change[];
    position: MessageOf<"caughtUp">["position"];
  }> {
    const changes: Change[] = [];
    for (;;) {
      const message = await this.#take();
      if (message.$case === "change") changes.push(message.value);
      if (message.$case === "caughtUp")
        return { changes, position: message.value.position };
    }
  }

  ack({ nonce, resource }: Change): void {
    const held =
      resource?.$case === "extension"
        ? {
            container: resource.value.container,
            extension: resource.value.extension,
            version: resource.value.version?.number ?? 0,
            state: HeldState.COMPILED,
          }
        : undefined;
    this.send({ message: { $case: "ack", value: { nonce, held } } });
  }

  nack({ nonce }: Change, refusal: DeepPartial<Refusal>): void {
    this.send({ message: { $case: "ack", value: { nonce, refusal } } });
  }

  send(request: DeepPartial<SyncRequest>): void {
    this.#events.emit("send", request);
  }

  /** Leaves as a host that is killed does. */
  async leave(): Promise<void> {
    this.#closing.abort();
    await this.ended;
  }

  async *#requests(
    hello: DeepPartial<Hello>,
  ): AsyncGenerator<DeepPartial<SyncRequest>> {
    const { signal } = this.#closing;
    const sent = on(this.#events, "send", { signal });
    yield { message: { $case: "hello", value: hello } };
    for await (const [request] of sent) yield request;
  }

  async #read(responses: AsyncIterable<SyncResponse>): Promise<unknown> {
    try {
      for await (const { message } of responses) {
        if (!message) continue;
        if (message.$case === "change" && this.isAnswering)
          this.ack(message.value);
        this.received.push(message);
        this.#events.emit("received");
      }
      return undefined;
    } catch (thrown) {
      return thrown;
    } finally {
      this.#events.emit("received");
    }
  }

  async #take(): Promise<Message> {
    for (;;) {
      const received = once(this.#events, "received");
      const message = this.received[this.#taken];
      if (message) {
        this.#taken += 1;
        return message;
      }
      const end = await Promise.race([received, this.ended]);
      if (!Array.isArray(end)) throw end;
    }
  }
}

type Refusal = NonNullable<
  Extract<
    NonNullable<SyncRequest["message"]>,
    { $case: "ack" }
  >["value"]["refusal"]
>;

/** A subscription to everything. */
export const everything = {
  scope: { $case: "all", value: {} },
} as const;

/** Joins a control plane as a new host, or as the one `hello` describes. */
export async function joinAs(
  controlplane: TestControlPlane,
  hello: DeepPartial<Hello> = {},
): Promise<FakeHost> {
  const admin = await adminOf(controlplane);
  const { token } = await admin.tokens.issueToken({
    claims: { kind: TokenKind.JOIN },
  });
  return joinWith(controlplane, token, hello);
}

/** Joins with a token of the test's choice. */
export function joinWith(
  controlplane: TestControlPlane,
  token: string,
  hello: DeepPartial<Hello> = {},
): FakeHost {
  const host = new FakeHost(controlplane.grpcAddress, token, {
    host: "host-1",
    subscription: everything,
    ...hello,
  });
  onTestFinished(() => host.leave());
  return host;
}
