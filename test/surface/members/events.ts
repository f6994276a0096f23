import events from "node:events";
import {
  event,
  member,
  rejected,
  thrown,
  told,
  valuesOf,
  type Surface,
} from "../check.ts";

const { EventEmitter } = events;

export const surface: Surface = {
  module: "events",
  checks: {
    ...valuesOf(events, [
      "usingDomains",
      "captureRejectionSymbol",
      "captureRejections",
      "errorMonitor",
      "defaultMaxListeners",
    ]),
    ...functions(),
    ...emitterChecks(),
    EventEmitter: () => [
      new EventEmitter() instanceof events,
      events.EventEmitter === events,
      thrown(() => new EventEmitter().emit("error", new Error("unheard"))),
      thrown(() => new EventEmitter().emit("error", { odd: 1 })),
    ],
    EventEmitterAsyncResource: () => {
      const made = new events.EventEmitterAsyncResource({ name: "Mine" });
      let seen: unknown;
      made.on("x", (value) => (seen = value));
      made.emit("x", 1);
      return [seen, Number.isInteger(made.asyncId)];
    },
    init: () => {
      const bare = {};
      Reflect.apply(Reflect.get(events, "init"), bare, []);
      return Object.keys(bare);
    },
  },
};

function functions(): Surface["checks"] {
  return {
    addAbortListener: () => {
      const controller = new AbortController();
      const seen: string[] = [];
      const kept = events.addAbortListener(controller.signal, () =>
        seen.push("aborted"),
      );
      controller.abort();
      kept[Symbol.dispose]();
      return seen;
    },
    once: async () => {
      const emitter = new EventEmitter();
      const waiting = events.once(emitter, "x");
      emitter.emit("x", 1, 2);
      const failing = rejected(events.once(emitter, "y"));
      emitter.emit("error", new Error("bad"));
      const target = new EventTarget();
      const onTarget = events.once(target, "z");
      target.dispatchEvent(new Event("z"));
      return [
        await waiting,
        await failing,
        (await onTarget).length,
        await rejected(
          events.once(emitter, "x", { signal: AbortSignal.abort() }),
        ),
      ];
    },
    on: async () => {
      const emitter = new EventEmitter();
      const steps = events.on(emitter, "x", { close: ["end"] });
      emitter.emit("x", 1);
      emitter.emit("x", 2);
      emitter.emit("end");
      const seen: unknown[] = [];
      for await (const step of steps) seen.push(step);
      return seen;
    },
    getEventListeners: () => {
      const emitter = new EventEmitter().on("x", function named() {});
      const target = new EventTarget();
      target.addEventListener("y", function other() {});
      return [
        events.getEventListeners(emitter, "x"),
        events.getEventListeners(target, "y"),
      ];
    },
    getMaxListeners: () => [
      events.getMaxListeners(new EventEmitter().setMaxListeners(3)),
      events.getMaxListeners(new EventTarget()),
    ],
    listenerCount: () => {
      const emitter = new EventEmitter().on("x", () => undefined);
      return [
        events.listenerCount(emitter, "x"),
        events.listenerCount(emitter, "y"),
      ];
    },
    setMaxListeners: () => {
      const [emitter, target] = [new EventEmitter(), new EventTarget()];
      events.setMaxListeners(7, emitter, target);
      return [
        emitter.getMaxListeners(),
        events.getMaxListeners(target),
        thrown(() => events.setMaxListeners(-1)),
      ];
    },
  };
}

function emitterChecks(): Surface["checks"] {
  const made = () => new EventEmitter();
  return {
    "EventEmitter#setMaxListeners": () => [
      made().setMaxListeners(2).getMaxListeners(),
      thrown(() => made().setMaxListeners(Number.NaN)),
    ],
    "EventEmitter#getMaxListeners": () => made().getMaxListeners(),
    "EventEmitter#emit": () => {
      const seen: unknown[] = [];
      const emitter = made()
        .on("x", (...args) => seen.push(args))
        .on("x", function (this: unknown) {
          seen.push(this === emitter);
        });
      return [emitter.emit("x", 1, 2, 3, 4), emitter.emit("unheard"), seen];
    },
    "EventEmitter#addListener": () => [
      made()
        .addListener("x", () => undefined)
        .listenerCount("x"),
      thrown(() => member(made(), "addListener")("x", 1)),
    ],
    "EventEmitter#on": async () => {
      const seen: unknown[] = [];
      const emitter = made().on("newListener", (name) => seen.push(name));
      emitter.on("x", () => undefined);
      const rejecting = new EventEmitter({ captureRejections: true });
      member(rejecting, "on")("x", () => Promise.reject(new Error("later")));
      const failed = event(rejecting, "error");
      rejecting.emit("x");
      return [seen, (await failed).map(told)];
    },
    "EventEmitter#prependListener": () => {
      const seen: number[] = [];
      made()
        .on("x", () => seen.push(1))
        .prependListener("x", () => seen.push(2))
        .emit("x");
      return seen;
    },
    "EventEmitter#once": () => {
      let count = 0;
      const emitter = made().once("x", () => (count += 1));
      return [emitter.emit("x"), emitter.emit("x"), count];
    },
    "EventEmitter#prependOnceListener": () => {
      const seen: number[] = [];
      const emitter = made()
        .on("x", () => seen.push(1))
        .prependOnceListener("x", () => seen.push(2));
      emitter.emit("x");
      emitter.emit("x");
      return seen;
    },
    "EventEmitter#removeListener": () => {
      const removed: unknown[] = [];
      const listener = () => undefined;
      const emitter = made()
        .on("removeListener", (name) => removed.push(name))
        .once("x", listener)
        .removeListener("x", listener);
      return [emitter.listenerCount("x"), removed];
    },
    "EventEmitter#off": () => {
      const listener = () => undefined;
      return made().on("x", listener).off("x", listener).eventNames();
    },
    "EventEmitter#removeAllListeners": () => {
      const emitter = made()
        .on("x", () => undefined)
        .on("y", () => undefined);
      return [
        emitter.removeAllListeners("x").eventNames(),
        emitter.removeAllListeners().eventNames(),
      ];
    },
    "EventEmitter#listeners": () =>
      made()
        .once("x", function named() {})
        .listeners("x"),
    "EventEmitter#rawListeners": () => {
      const [raw] = made()
        .once("x", function named() {})
        .rawListeners("x");
      return [raw?.name, Reflect.get(Object(raw), "listener")];
    },
    "EventEmitter#listenerCount": () => {
      const listener = () => undefined;
      const emitter = made().on("x", listener).on("x", listener);
      return [
        emitter.listenerCount("x"),
        emitter.listenerCount("x", () => undefined),
      ];
    },
    "EventEmitter#eventNames": () =>
      made()
        .on("x", () => undefined)
        .on(Symbol("y"), () => undefined)
        .eventNames(),
  };
}
