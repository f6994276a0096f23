/** The broker's side of the pipe: keeps the containers' policies and the requests that are open. */
import type { Frame } from "../frames.ts";
import type { EgressProblem } from "../protocol.ts";
import { Container, createSharedQuotas } from "./container.ts";
import { Exchange, type Answer } from "./exchange.ts";
import { NameLookup } from "./name-lookup.ts";
import { RawSocket, type SocketAnswer } from "./raw-socket.ts";
import { Lookups } from "./lookups.ts";
import {
  maxMessageChars,
  type BrokerReply,
  type BrokerRequest,
  type BrokerStart,
  type ConnectRequest,
  type LookupRequest,
  type OpenRequest,
} from "./messages.ts";
import type { ContainerPolicy } from "./policy.ts";
import { denied } from "./problem.ts";
import type { Query, Resolve } from "./resolve.ts";
import { addressOf } from "./rules.ts";

export interface BrokerServiceOptions {
  reply: (reply: BrokerReply, body?: Uint8Array) => void;
  resolve: Resolve;
  query: Query;
  /** Roots that TLS trusts; undefined: Node's own. */
  roots: string[] | undefined;
  now: () => number;
}

export class BrokerService {
  readonly #options: BrokerServiceOptions;
  /** undefined: its policy cannot be read. */
  readonly #containers = new Map<string, Container | undefined>();
  readonly #exchanges = new Map<number, Exchange>();
  readonly #sockets = new Map<number, RawSocket>();
  readonly #nameLookups = new Map<number, NameLookup>();
  readonly #shared = createSharedQuotas();
  /** As the guards of all containers see them. */
  readonly #ownAddresses = new Set<string>();
  readonly #lookups: Lookups;
  #start: BrokerStart | undefined;

  constructor(options: BrokerServiceOptions) {
    this.#options = options;
    this.#lookups = new Lookups(options.resolve, options.query);
  }

  /** Takes a message of sandboxd's, which is trusted with its shape. */
  handle({ head, body }: Pick<Frame, "head" | "body">): void {
    const request = head as BrokerRequest;
    switch (request.type) {
      case "start":
        this.#start = request;
        this.#setOwnAddresses(request.ownAddresses);
        this.#options.reply({ type: "ready" });
        return;
      case "addresses":
        return this.#setOwnAddresses(request.ownAddresses);
      case "policy":
        return this.#configure(request.container, request.policy);
      case "forget":
        this.#containers.get(request.container)?.destroy();
        this.#containers.delete(request.container);
        return;
      case "open":
        return this.#open(request, body);
      case "connect":
        return this.#connect(request, body);
      case "lookup":
        return this.#lookup(request);
      case "write":
        // It shares memory with the frame it came in, and may wait for its turn.
        return this.#sockets.get(request.id)?.write(Buffer.from(body));
      case "finish":
        return this.#sockets.get(request.id)?.finish();
      case "upgrade":
        return this.#sockets.get(request.id)?.upgrade(Buffer.from(body));
      case "pull":
        this.#exchanges.get(request.id)?.pull(request.bytes);
        return this.#sockets.get(request.id)?.pull(request.bytes);
      case "abort":
        this.#exchanges.get(request.id)?.abort();
        this.#nameLookups.get(request.id)?.abort();
        return this.#sockets.get(request.id)?.abort();
    }
  }

  #setOwnAddresses(texts: string[]): void {
    this.#ownAddresses.clear();
    for (const text of texts)
      this.#ownAddresses.add(addressOf(text)?.toString() ?? text);
  }

  #configure(name: string, policy: ContainerPolicy): void {
    if (!this.#start) throw new Error("a policy before the start");
    const before = this.#containers.get(name);
    const container = this.#read({
      ...this.#options,
      name,
      policy,
      before,
      maxOpen: this.#start.maxOpen,
      ownAddresses: this.#ownAddresses,
      shared: this.#shared,
      lookups: this.#lookups,
    });
    before?.retire();
    this.#containers.set(name, container);
  }

  #read(
    options: ConstructorParameters<typeof Container>[0],
  ): Container | undefined {
    try {
      return new Container(options);
    } catch {
      // Half a policy would be another one.
      return undefined;
    }
  }

  #open(request: OpenRequest, body: Buffer): void {
    const { id } = request;
    const answer = this.#answerTo(id);
    const container = this.#containers.get(request.container);
    if (!container) return answer.failed(unreadable);
    const usage = container.usageOf(request.invocationId);
    const exchange = new Exchange(container, usage, answer);
    this.#exchanges.set(id, exchange);
    const leave = container.use();
    void exchange.run(request, body).finally(() => {
      this.#exchanges.delete(id);
      leave();
    });
  }

  #connect(request: ConnectRequest, body: Buffer): void {
    const { id } = request;
    const answer = this.#socketAnswerTo(id);
    const container = this.#containers.get(request.container);
    if (!container) return answer.failed(unreadable);
    const usage = container.usageOf(request.invocationId);
    const socket = new RawSocket(container, usage, answer);
    this.#sockets.set(id, socket);
    const leave = container.use();
    void socket.run(request, Buffer.from(body)).finally(() => {
      this.#sockets.delete(id);
      leave();
    });
  }

  #lookup(request: LookupRequest): void {
    const { id } = request;
    const answer = this.#socketAnswerTo(id);
    const container = this.#containers.get(request.container);
    if (!container) return answer.failed(unreadable);
    const usage = container.usageOf(request.invocationId);
    const lookup = new NameLookup(container, usage, answer);
    this.#nameLookups.set(id, lookup);
    void lookup.run(request).finally(() => this.#nameLookups.delete(id));
  }

  #socketAnswerTo(id: number): SocketAnswer {
    const { reply } = this.#options;
    return {
      ...this.#answerTo(id),
      note: (note, body) => reply({ type: "note", id, note }, body),
    };
  }

  #answerTo(id: number): Answer {
    const { reply } = this.#options;
    return {
      head: (head) => reply({ type: "head", id, ...head }),
      chunk: (bytes) => reply({ type: "chunk", id }, bytes),
      end: () => reply({ type: "end", id }),
      failed: (failure) =>
        reply({ type: "failure", id, failure: shortened(failure) }),
    };
  }
}

/** Names of hosts and headers that guests choose stand in it, and sandboxd takes no more. */
function shortened(problem: EgressProblem): EgressProblem {
  const { message } = problem;
  return message.length <= maxMessageChars
    ? problem
    : { ...problem, message: `${message.slice(0, maxMessageChars - 1)}…` };
}

const unreadable = denied(
  "this host cannot read the container's egress rules; the platform's operator must mend them",
).problem;
