/**
 * Message channels within one isolate: what is posted is copied at once and waits until its port's turn, which is an
 * immediate of the call that posted it. What a call leaves waiting, a later one may take.
 */
import type { AsyncContext, Frame } from "../async-context.ts";
import type { Clone } from "./cloning/clone.ts";

export interface PortParts {
  clone: Clone;
  /** Runs work in a turn of its own, of the call that runs now. */
  later: (work: () => void) => void;
  /** Told when the call that runs now has ended, unless what it gives is called. */
  onEnd: (work: () => void) => () => void;
  context: AsyncContext;
  /** Tells a port's listeners. */
  emit: (port: object, data: unknown, ports: readonly object[]) => void;
  symbols: { onInit: symbol; onClose: symbol; noMessage: symbol };
  cloneError: (message: string) => Error;
  typeError: (code: string, message: string) => Error;
}

/** What the binding `messaging` offers of ports. */
export interface Ports {
  MessagePort: unknown;
  MessageChannel: unknown;
  stopMessagePort: (port: unknown) => void;
  drainMessagePort: (port: unknown) => void;
  receiveMessageOnPort: (port: unknown) => unknown;
  broadcastChannel: (name: string) => object;
  isPort: (value: object) => boolean;
  /** The port that goes on for one that is moved. */
  move: (value: object) => object | undefined;
}

interface Message {
  data: unknown;
  ports: object[];
}

/** What a port is, while it is open. */
interface State {
  /** Those that get what is posted here. */
  others: Set<object>;
  waiting: Message[];
  isStarted: boolean;
  isReferred: boolean;
  /** An immediate will deliver. */
  isDue: boolean;
  /** In which its listeners are told. */
  readonly frame: Frame;
}

const mayConstruct = {};

export function createPorts(parts: PortParts): Ports {
  const states = new WeakMap<object, State | "closed">();
  const broadcasts = new Map<string, Set<object>>();
  const { symbols } = parts;

  const stateOf = (port: unknown): State | undefined => {
    const state = isObject(port) ? states.get(port) : undefined;
    if (state === undefined) throw new TypeError("Illegal invocation");
    return state === "closed" ? undefined : state;
  };

  /** The methods that Node's handles share. */
  class HandleWrap {
    close(): void {
      close(this);
    }
    ref(): void {
      const state = stateOf(this);
      if (state) state.isReferred = true;
    }
    unref(): void {
      const state = stateOf(this);
      if (state) state.isReferred = false;
    }
    hasRef(): boolean | undefined {
      return stateOf(this)?.isReferred;
    }
  }

  // No `extends`: Node's library changes what it inherits from.
  class MessagePort {
    constructor(key?: unknown) {
      if (key !== mayConstruct)
        throw parts.typeError(
          "ERR_CONSTRUCT_CALL_INVALID",
          "Constructor cannot be called",
        );
    }
    postMessage(message: unknown, options?: unknown): true | undefined {
      const state = stateOf(this);
      if (arguments.length === 0)
        throw parts.typeError(
          "ERR_MISSING_ARGS",
          "Not enough arguments to MessagePort.postMessage",
        );
      const transfer = transferOf(options, parts);
      if (transfer.includes(this))
        throw parts.cloneError("Transfer list contains source port");
      post(state, message, transfer);
      return state && true;
    }
    start(): void {
      const state = stateOf(this);
      if (!state) return;
      state.isStarted = true;
      deliverLater(this, state);
    }
  }
  Object.setPrototypeOf(MessagePort.prototype, HandleWrap.prototype);

  const createPort = (
    others: Set<object>,
    waiting: Message[] = [],
  ): MessagePort => {
    const port = new MessagePort(mayConstruct);
    states.set(port, {
      others,
      waiting,
      isStarted: false,
      isReferred: true,
      isDue: false,
      frame: parts.context.current(),
    });
    const init: unknown = Reflect.get(port, symbols.onInit);
    if (typeof init === "function") init.call(port);
    return port;
  };

  const post = (
    state: State | undefined,
    message: unknown,
    transfer: readonly unknown[],
  ) => {
    // One walk, so that a port in the message is the one in the list.
    const [data, ...ports] = copied(message, transfer);
    if (!state) return;
    for (const other of state.others) {
      const end = states.get(other);
      if (end === undefined || end === "closed" || end === state) continue;
      const isOnly = state.others.size <= 2;
      // Each listener of a broadcast has a copy of its own.
      end.waiting.push({ data: isOnly ? data : parts.clone(data, []), ports });
      deliverLater(other, end);
    }
  };
  const copied = (
    message: unknown,
    transfer: readonly unknown[],
  ): [data: unknown, ...ports: object[]] => {
    const ports = transfer.filter((item) => isObject(item) && states.has(item));
    if (ports.length === 0) return [parts.clone(message, transfer)];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the copy of an array of a message and ports
    return parts.clone([message, ...ports], transfer) as [unknown, ...object[]];
  };

  const deliverLater = (port: object, state: State) => {
    if (!state.isStarted || state.waiting.length === 0 || state.isDue) return;
    state.isDue = true;
    // The immediates of a call that ends come to nothing.
    const forget = parts.onEnd(() => {
      state.isDue = false;
    });
    parts.later(() => {
      forget();
      state.isDue = false;
      deliver(port, state, state.waiting.length);
    });
  };

  const deliver = (port: object, state: State, limit: number) => {
    for (let count = 0; count < limit && state.isStarted; count++) {
      const message = state.waiting.shift();
      if (!message || states.get(port) !== state) break;
      try {
        parts.context.within(state.frame, () =>
          parts.emit(port, message.data, message.ports),
        );
      } finally {
        deliverLater(port, state);
      }
    }
  };

  const close = (port: unknown) => {
    const state = stateOf(port);
    if (!state || !isObject(port)) return;
    state.others.delete(port);
    // Those of a broadcast stay open.
    const ended = isBroadcast(state.others) ? [port] : [port, ...state.others];
    parts.later(() => ended.forEach(shut));
    state.isStarted = false;
  };
  const isBroadcast = (ports: Set<object>) =>
    [...broadcasts.values()].includes(ports);
  const shut = (port: object) => {
    const state = states.get(port);
    if (state === undefined || state === "closed") return;
    deliver(port, state, state.waiting.length);
    states.set(port, "closed");
    const onClose: unknown = Reflect.get(port, symbols.onClose);
    if (typeof onClose === "function")
      parts.context.within(state.frame, () => onClose.call(port));
  };

  const checked = (port: unknown): State | undefined => {
    if (isObject(port) && states.has(port)) return stateOf(port);
    throw parts.typeError(
      "ERR_INVALID_ARG_TYPE",
      'The "port" argument must be a MessagePort instance',
    );
  };

  return {
    MessagePort,
    MessageChannel: class MessageChannel {
      readonly port1: object;
      readonly port2: object;
      constructor() {
        const both = new Set<object>();
        this.port1 = createPort(both);
        this.port2 = createPort(both);
        both.add(this.port1).add(this.port2);
      }
    },
    stopMessagePort: (port) => {
      const state = isObject(port) ? states.get(port) : undefined;
      if (state !== undefined && state !== "closed") state.isStarted = false;
    },
    drainMessagePort: (port) => {
      const state = checked(port);
      if (state && isObject(port)) deliver(port, state, state.waiting.length);
    },
    receiveMessageOnPort: (port) => {
      const message = checked(port)?.waiting.shift();
      return message ? message.data : symbols.noMessage;
    },
    broadcastChannel: (name) => {
      const others = broadcasts.get(name) ?? new Set();
      broadcasts.set(name, others);
      const port = createPort(others);
      others.add(port);
      return port;
    },
    isPort: (value) => states.has(value),
    move: (value) => {
      const state = states.get(value);
      if (state === undefined) return undefined;
      if (state === "closed")
        throw parts.cloneError(
          "MessagePort in transfer list is already detached",
        );
      states.set(value, "closed");
      state.others.delete(value);
      const port = createPort(state.others, state.waiting);
      state.others.add(port);
      return port;
    },
  };
}

function transferOf(options: unknown, parts: PortParts): readonly unknown[] {
  if (options === undefined || options === null) return [];
  const wrong = (what: string) =>
    parts.typeError("ERR_INVALID_ARG_TYPE", `Optional ${what}`);
  if (!isObject(options))
    throw wrong("transferList argument must be an iterable");
  const list: unknown = isIterable(options)
    ? options
    : Reflect.get(options, "transfer");
  if (list === undefined) return [];
  if (!isObject(list) || !isIterable(list))
    throw wrong("options.transfer argument must be an iterable");
  return [...list];
}

function isObject(value: unknown): value is object {
  return (
    (typeof value === "object" && value !== null) || typeof value === "function"
  );
}

function isIterable(value: object): value is Iterable<unknown> {
  return typeof Reflect.get(value, Symbol.iterator) === "function";
}
