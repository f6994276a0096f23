/** Checks of channels between parts of one program, and of what is copied on the way. */
import {
  instance,
  member,
  thrown,
  unavailable,
  type Check,
  type Unavailable,
} from "../check.ts";

/** Sends one message through a channel, and closes it. */
async function sent(
  message: unknown,
  transfer: ArrayBuffer[] = [],
): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  const arrived = new Promise((resolve) => {
    port2.onmessage = (event: { data: unknown }) => resolve(event.data);
  });
  port1.postMessage(message, transfer);
  const data = await arrived;
  port1.close();
  return data;
}

export function messagingChecks(): Record<string, Check | Unavailable> {
  return { ...channels(), ...events(), ...clones() };
}

function channels(): Record<string, Check | Unavailable> {
  const both = (use: (port1: MessagePort, port2: MessagePort) => unknown) => {
    const { port1, port2 } = new MessageChannel();
    try {
      return use(port1, port2);
    } finally {
      port1.close();
    }
  };
  return {
    MessageChannel: () => sent({ a: [1, new Map([["k", "v"]])] }),
    MessagePort: () => [
      both((port1) => port1 instanceof MessagePort),
      thrown(() => instance(globalThis, "MessagePort")),
    ],
    "MessagePort#postMessage": async () => {
      const buffer = new ArrayBuffer(3);
      const back = await sent(buffer, [buffer]);
      return [
        back,
        buffer.byteLength,
        thrown(() => both((port) => port.postMessage(() => 1))),
      ];
    },
    "MessagePort#close": async () => {
      const { port1, port2 } = new MessageChannel();
      const closed = new Promise((resolve) => {
        port2.addEventListener("close", ({ type }) => resolve(type));
      });
      port1.close();
      return closed;
    },
    "MessagePort#ref": () =>
      both((port) => {
        member(port, "ref")();
        return member(port, "hasRef")();
      }),
    "MessagePort#unref": () =>
      both((port) => {
        member(port, "ref")();
        member(port, "unref")();
        return member(port, "hasRef")();
      }),
    "MessagePort#hasRef": () => both((port) => member(port, "hasRef")()),
    "MessagePort#start": async () => {
      const { port1, port2 } = new MessageChannel();
      port1.postMessage("early");
      const heard = new Promise((resolve) => {
        port2.addEventListener("message", ({ data }) => resolve(data));
      });
      const seen = [port2.start(), await heard];
      port1.close();
      return seen;
    },
    "MessagePort#onmessage": () => sent("by handler"),
    "MessagePort#onmessageerror": () =>
      both((port) => Reflect.get(port, "onmessageerror")),
    BroadcastChannel: async () => {
      const [a, b] = [
        new BroadcastChannel("surface"),
        new BroadcastChannel("surface"),
      ];
      const arrived = new Promise((resolve) => {
        b.onmessage = (event: unknown) =>
          resolve(Reflect.get(Object(event), "data"));
      });
      a.postMessage({ to: "all" });
      const data = await arrived;
      a.close();
      b.close();
      return data;
    },
  };
}

function events(): Record<string, Check> {
  const made = () =>
    instance(globalThis, "MessageEvent", "message", {
      data: { a: 1 },
      origin: "o",
      lastEventId: "5",
    });
  const checks = ["data", "origin", "lastEventId", "source", "ports"].map(
    (name): [string, Check] => [`MessageEvent#${name}`, () => made()[name]],
  );
  return {
    ...Object.fromEntries(checks),
    "MessageEvent#initMessageEvent": () => {
      const event = made().initMessageEvent("other", false, false, 7);
      return [event.type, event.data];
    },
  };
}

function clones(): Record<string, Check | Unavailable> {
  return {
    structuredClone: () => {
      const circular: { self?: unknown; n: number } = { n: 1 };
      circular.self = circular;
      const copy = structuredClone(circular);
      const buffer = new ArrayBuffer(2);
      const moved = structuredClone(buffer, { transfer: [buffer] });
      return [
        copy.self === copy && copy !== circular,
        structuredClone([new Date(5), /a/g, new Set([1n]), new Map([[{}, 1]])]),
        structuredClone(new RangeError("kept")),
        structuredClone(new Uint8Array([1, 2])),
        moved.byteLength,
        buffer.byteLength,
        thrown(() => structuredClone(() => 1)),
        thrown(() => structuredClone(Symbol("s"))),
      ];
    },
    SharedArrayBuffer: unavailable(() => new SharedArrayBuffer(1)),
    Atomics: unavailable(() => Atomics.add(new Int32Array(1), 0, 1)),
    WebAssembly: unavailable(() =>
      instance(
        Reflect.get(globalThis, "WebAssembly"),
        "Module",
        new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]),
      ),
    ),
  };
}
