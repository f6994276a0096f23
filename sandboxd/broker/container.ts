/** What the broker keeps for one container, and shares with no other: its connections, its rules, its rate, its counts. */
import type { Duplex } from "node:stream";
import type { Agent, Dispatcher } from "undici";
import { createAgent } from "./agent.ts";
import {
  openConnection,
  openRaw,
  type ConnectOptions,
  type RawConnection,
} from "./connect.ts";
import { Guard } from "./guard.ts";
import type { Lookups } from "./lookups.ts";
import type { ContainerPolicy } from "./policy.ts";
import { failed } from "./problem.ts";
import { Quota } from "./quota.ts";
import { Rate } from "./rate.ts";
import { parseRule } from "./rules.ts";
import { Turns } from "./turns.ts";
import { Usage, type UsageCaps } from "./usage.ts";
import { wholeReads } from "./whole-reads.ts";

export interface ContainerOptions {
  name: string;
  policy: ContainerPolicy;
  /** Requests one invocation may have open at once. */
  maxOpen: number;
  ownAddresses: ReadonlySet<string>;
  lookups: Lookups;
  /** Roots that TLS trusts; undefined: Node's own. */
  roots: string[] | undefined;
  now: () => number;
  shared: SharedQuotas;
  /** Whose place this one takes, under an earlier policy: what invocations have used stays used. */
  before: Container | undefined;
}

/** What all containers take from one place, where none may leave nothing to the others. */
export interface SharedQuotas {
  /** Connections; beyond it none is kept for another request. */
  sockets: Quota;
  /** Connections that are being opened. */
  connecting: Turns;
  /** Decoders with large windows. */
  windows: Quota;
}

export function createSharedQuotas(): SharedQuotas {
  return {
    sockets: new Quota(maxSharedSockets),
    connecting: new Turns({
      max: maxSharedConnecting,
      maxPerContainer: maxConnecting,
      least: leastConnecting,
    }),
    windows: new Quota(maxSharedWindows),
  };
}

const maxSharedSockets = 256;
const maxSharedConnecting = 192;
const maxConnecting = 64;
const leastConnecting = 2;
const maxSharedWindows = 6;
const maxWindows = 3;
/** With more connections open, none is kept for another request. */
const maxKeptConnections = 16;
/** The longest unused go first; no container has so many invocations at once. */
const maxInvocations = 4096;

export class Container {
  readonly policy: ContainerPolicy;
  readonly guard: Guard;
  readonly agent: Dispatcher;
  readonly rate: Rate;
  readonly caps: UsageCaps;
  readonly name: string;
  readonly lookups: Lookups;
  /** That TLS trusts unless told otherwise; undefined: Node's own. */
  readonly roots: string[] | undefined;
  readonly #connecting: ConnectOptions;
  readonly #connections: Agent;
  /** What ends the connections that belong to one invocation each. */
  readonly #ends = new Set<() => void>();
  readonly #usages: Map<string, Usage>;
  readonly #sockets = new Quota(maxKeptConnections);
  readonly #windows = new Quota(maxWindows);
  readonly #shared: SharedQuotas;
  #users = 0;
  #isRetired = false;

  /** Throws on a rule that cannot be read. */
  constructor(options: ContainerOptions) {
    const { policy, maxOpen, before } = options;
    const { maxRequests, maxBytes } = policy;
    this.policy = policy;
    this.#shared = options.shared;
    this.caps = { maxRequests, maxBytes, maxOpen };
    this.guard = new Guard({
      allow: policy.allow.map(parseRule),
      deny: policy.deny.map(parseRule),
      internalHosts: policy.internalHosts.map(parseRule),
      ownAddresses: options.ownAddresses,
    });
    this.rate =
      before?.policy.bytesPerSecond === policy.bytesPerSecond
        ? before.rate
        : new Rate(policy.bytesPerSecond, options.now);
    this.#usages = before ? before.#usages : new Map();
    this.name = options.name;
    this.lookups = options.lookups;
    this.roots = options.roots;
    const connecting = {
      container: options.name,
      guard: this.guard,
      proxy: policy.proxy,
      lookups: options.lookups,
      turns: this.#shared.connecting,
      roots: options.roots,
    };
    this.#connecting = connecting;
    this.#connections = createAgent(async (wanted, signal) => {
      const socket = await openConnection(connecting, wanted, signal);
      this.#watch(socket);
      return socket;
    });
    this.agent = this.#connections.compose(wholeReads);
  }

  usageOf(invocationId: string): Usage {
    const usages = this.#usages;
    const usage = usages.get(invocationId) ?? new Usage();
    usages.delete(invocationId);
    usages.set(invocationId, usage);
    const [longestUnused = invocationId] = usages.keys();
    if (usages.size > maxInvocations) usages.delete(longestUnused);
    return usage;
  }

  /** Opens a connection that is not for HTTP. */
  async connect(
    target: Parameters<typeof openRaw>[1],
    signal: AbortSignal,
  ): Promise<RawConnection> {
    const raw = await openRaw(this.#connecting, target, signal);
    const { socket } = raw;
    this.#watch(socket);
    return raw;
  }

  /** Whether a connection that becomes free may be kept. */
  get keepsConnections(): boolean {
    return !this.#sockets.isFull && !this.#shared.sockets.isFull;
  }

  /** Makes room for decoders with so many large windows; throws where there is none. Gives what frees it. */
  holdWindows(count: number): () => void {
    const own = this.#windows.tryTake(count);
    const shared = own && this.#shared.windows.tryTake(count);
    if (!own || !shared) {
      own?.();
      throw failed(
        "too many answers come compressed with br or zstd, which was not asked for",
      );
    }
    return () => {
      own();
      shared();
    };
  }

  /** Has something ended with the container; gives what takes that back. */
  onEnd(end: () => void): () => void {
    this.#ends.add(end);
    return () => void this.#ends.delete(end);
  }

  /** Keeps its connections until what is given is called, also when it is retired. */
  use(): () => void {
    this.#users += 1;
    return () => {
      this.#users -= 1;
      this.#closeUnused();
    };
  }

  /** Lets what is open finish, and then keeps no connection. */
  retire(): void {
    this.#isRetired = true;
    this.#closeUnused();
  }

  #closeUnused(): void {
    if (this.#isRetired && this.#users === 0) void this.#connections.close();
  }

  /** Ends everything. */
  destroy(): void {
    void this.#connections.destroy();
    for (const end of this.#ends) end();
  }

  #watch(socket: Duplex): void {
    const own = this.#sockets.take(1);
    const shared = this.#shared.sockets.take(1);
    socket.once("close", () => {
      own();
      shared();
    });
  }
}
