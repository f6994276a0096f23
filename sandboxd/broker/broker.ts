/**
 * The only way out, as sandboxd sees it: a process of its own that holds the sockets, started again when it ends. What a
 * container may have open here at once is bounded before anything is sent.
 */
import { ExponentialBackoff } from "cockatiel";
import { maxUntakenWrites, maxWriteBytes } from "../egress-bounds.ts";
import type { EgressProblem } from "../protocol.ts";
import type {
  EgressCaller,
  EgressExchange,
  EgressGate,
  EgressRequest,
  EgressSink,
  EgressSocket,
  LookupRequest,
  SocketRequest,
  SocketSink,
} from "../supervisor/egress.ts";
import {
  BrokerConnection,
  brokerEnded,
  type BrokerProcess,
} from "./connection.ts";
import { Loads } from "./loads.ts";
import { OwnAddresses } from "./own-addresses.ts";
import type { ContainerPolicy } from "./policy.ts";

export interface BrokerOptions {
  launch: () => BrokerProcess;
  limits: {
    /** Requests one invocation may have open at once. */
    maxOpenEgress: number;
  };
  /** Monotonic, in milliseconds. */
  now: () => number;
  /** Of the host's interfaces; unless told otherwise, the system is asked. */
  ownAddresses?: () => string[];
  log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
}

/** Opens requests outward, by the rules of containers that it was told of; others have no way out. */
export interface Broker extends EgressGate {
  /** Says what holds for a container's requests from now on; what is open finishes as it began. */
  configure(container: string, policy: ContainerPolicy): void;
  /** Ends what the container has open. */
  forget(container: string): void;
  /** Resolves when a process is there that takes requests; rejects if it could not be started. */
  ready(): Promise<void>;
  /** Ends the process and waits until it is gone; may be called twice. */
  close(): Promise<void>;
  /** Of the process that runs now; 0: none. */
  readonly pid: number;
}

/** A process that is so late with a request's end is stuck. */
const overdueMs = 3000;
/** A container that opened nothing for so long is forgotten, and its policy sent again when it opens something; so are the longest idle, where more are known. */
const idleMs = 5 * 60_000;
const maxTold = 2048;
const firstDelayMs = 50;
const maxDelayMs = 5000;
/** A process that lived so long was sound. */
const healthyMs = 10_000;

/** Starts the broker's process, and starts it again whenever it ends. */
export function startBroker(options: BrokerOptions): Broker {
  return new RestartingBroker(options);
}

class RestartingBroker implements Broker {
  readonly #options: BrokerOptions;
  readonly #policies = new Map<string, ContainerPolicy>();
  readonly #loads = new Loads();
  readonly #ownAddresses: OwnAddresses;
  readonly #backoff = new Backoff();
  #connection: BrokerConnection;
  #restart: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.#ownAddresses = new OwnAddresses(options);
    this.#connection = this.#launch();
  }

  get pid(): number {
    return this.#connection.isOver ? 0 : this.#connection.pid;
  }

  ready(): Promise<void> {
    return this.#connection.ready;
  }

  configure(container: string, policy: ContainerPolicy): void {
    this.#policies.set(container, policy);
    if (this.#connection.told.has(container)) this.#tell(container, policy);
  }

  forget(container: string): void {
    this.#policies.delete(container);
    if (!this.#connection.told.delete(container)) return;
    this.#connection.send({ type: "forget", container });
  }

  open(request: EgressRequest, sink: EgressSink): EgressExchange {
    const { body, method, url, headers } = request;
    const admitted = this.#admit(request, body.length);
    if ("problem" in admitted) return refusedExchange(sink, admitted.problem);
    const { connection, policy } = admitted;
    const limitMs = Math.min(policy.requestMs, request.wallMs);
    const id = this.#register(admitted, sink, limitMs);
    const asked = { id, ...callerOf(request) };
    connection.send({ type: "open", ...asked, method, url, headers }, body);
    return exchangeOf(connection, id);
  }

  connect(request: SocketRequest, sink: SocketSink): EgressSocket {
    const { host, port, address, tls } = request;
    const heldBytes = maxUntakenWrites * maxWriteBytes + (tls?.length ?? 0);
    const admitted = this.#admit(request, heldBytes);
    if ("problem" in admitted)
      return deafSocket(refusedExchange(sink, admitted.problem));
    const { connection } = admitted;
    const id = this.#register(admitted, sink, request.wallMs);
    connection.await(id, "connected");
    connection.await(id, "finished");
    if (tls) connection.await(id, "secured");
    connection.send(
      { type: "connect", id, ...callerOf(request), host, port, address },
      tls,
    );
    return {
      ...exchangeOf(connection, id),
      write: (bytes) => {
        connection.await(id, "taken");
        connection.sendFor(id, { type: "write", id }, bytes);
      },
      finish: () => connection.sendFor(id, { type: "finish", id }),
      upgrade: (wishes) => {
        // They may be long, and so are not let pile up.
        if (!connection.isOpen) return connection.fail(id, brokerEnded);
        connection.await(id, "secured");
        connection.sendFor(id, { type: "upgrade", id }, wishes);
      },
    };
  }

  lookup(request: LookupRequest, sink: SocketSink): EgressExchange {
    const { name, record } = request;
    const admitted = this.#admit(request, 0);
    if ("problem" in admitted) return refusedExchange(sink, admitted.problem);
    const { connection, policy } = admitted;
    const limitMs = Math.min(policy.requestMs, request.wallMs);
    const id = this.#register(admitted, sink, limitMs);
    connection.await(id, "found");
    const asked = { id, ...callerOf(request) };
    connection.send({ type: "lookup", ...asked, name, record });
    return exchangeOf(connection, id);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#restart);
    this.#connection.end("sandboxd is shutting down");
    await this.#connection.exited;
  }

  #launch(): BrokerConnection {
    const startedMs = this.#options.now();
    const connection = new BrokerConnection(this.#options.launch());
    connection.send({
      type: "start",
      maxOpen: this.#options.limits.maxOpenEgress,
      ownAddresses: this.#ownAddresses.read(),
    });
    void connection.exited.then((ending) => this.#exited(ending, startedMs));
    return connection;
  }

  #exited(ending: string, startedMs: number): void {
    if (this.#isClosed) return;
    const { pid } = this.#connection;
    if (this.#options.now() - startedMs >= healthyMs) this.#backoff.reset();
    const delayMs = this.#backoff.next();
    this.#options.log.warn({ pid, ending, delayMs }, "broker ended");
    this.#restart = setTimeout(() => {
      this.#connection = this.#launch();
    }, delayMs);
  }

  /** Policies go to the process when they are first needed: a restart does not send those of every container. */
  #tell(container: string, policy: ContainerPolicy): void {
    this.#connection.send({ type: "policy", container, policy });
  }

  /** What it keeps of a container is small, but containers are many. */
  #forgetIdle(connection: BrokerConnection): void {
    const { told } = connection;
    const now = this.#options.now();
    for (const [container, usedAtMs] of told) {
      if (now - usedAtMs < idleMs && told.size <= maxTold) return;
      told.delete(container);
      if (this.#loads.isIdle(container))
        connection.send({ type: "forget", container });
      else told.set(container, now);
    }
  }

  /** Where a container's request may go, told all that is needed for it; or why it may not. */
  #admit({ container }: EgressCaller, heldBytes: number): Admitted | Refused {
    const policy = this.#policies.get(container);
    if (!policy) return { problem: noPolicy };
    const connection = this.#connection;
    if (!connection.isOpen) return { problem: brokerEnded };
    const problem = this.#loads.refuse(container, heldBytes);
    if (problem) return { problem };
    const ownAddresses = this.#ownAddresses.changed();
    if (ownAddresses) connection.send({ type: "addresses", ownAddresses });
    if (!connection.told.delete(container)) this.#tell(container, policy);
    connection.told.set(container, this.#options.now());
    this.#forgetIdle(connection);
    return { connection, policy, container, heldBytes };
  }

  /** Counts it as open until it is over, and watches that it ends in its time. */
  #register(
    { connection, container, heldBytes }: Admitted,
    sink: EgressSink | SocketSink,
    limitMs: number,
  ): number {
    const unload = this.#loads.count(container, heldBytes);
    const watch = setTimeout(
      () => connection.end("it did not end a request in its time"),
      limitMs + overdueMs,
    );
    return connection.register(sink, () => {
      clearTimeout(watch);
      unload();
    });
  }
}

interface Admitted {
  connection: BrokerConnection;
  policy: ContainerPolicy;
  container: string;
  /** What it may hold on its way to the broker. */
  heldBytes: number;
}

interface Refused {
  problem: EgressProblem;
}

function callerOf({ container, invocationId, wallMs }: EgressCaller) {
  return { container, invocationId, wallMs };
}

function exchangeOf(connection: BrokerConnection, id: number): EgressExchange {
  return {
    pull: (bytes) => connection.pull(id, bytes),
    abort: () => connection.abort(id),
  };
}

/** Of what was refused: nobody listens to it. */
function deafSocket(exchange: EgressExchange): EgressSocket {
  return { ...exchange, write: nothing, finish: nothing, upgrade: nothing };
}

function nothing(): void {}

/** Says why, once the caller has its exchange. */
function refusedExchange(
  sink: Pick<EgressSink, "failed">,
  problem: EgressProblem,
): EgressExchange {
  let isAborted = false;
  queueMicrotask(() => {
    if (!isAborted) sink.failed(problem);
  });
  return { pull: () => undefined, abort: () => void (isAborted = true) };
}

const noPolicy: EgressProblem = {
  kind: "denied",
  message: "the container has no way out on this host",
};

class Backoff {
  readonly #factory = new ExponentialBackoff({
    initialDelay: firstDelayMs,
    maxDelay: maxDelayMs,
  });
  #state = this.#factory.next();

  next(): number {
    const { duration } = this.#state;
    this.#state = this.#state.next(undefined);
    return duration;
  }

  reset(): void {
    this.#state = this.#factory.next();
  }
}
