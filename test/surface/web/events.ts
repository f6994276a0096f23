/** Checks of events, of what they are sent to, and of signals. */
import { instance, member, thrown, told, type Check } from "../check.ts";

/** Sees an event as its listener does. */
function heard(
  look: (event: Event) => unknown,
  init: { cancelable?: boolean; bubbles?: boolean } = {},
): unknown {
  const target = new EventTarget();
  let value: unknown;
  target.addEventListener("x", (event) => (value = look(event)));
  const isKept = target.dispatchEvent(new Event("x", init));
  return [value, isKept];
}

export function eventChecks(): Record<string, Check> {
  return { ...events(), ...targets(), ...signals(), ...exceptions() };
}

function events(): Record<string, Check> {
  const read = [
    "type",
    "cancelable",
    "defaultPrevented",
    "returnValue",
    "bubbles",
    "composed",
    "eventPhase",
    "cancelBubble",
    "isTrusted",
  ];
  const checks = read.map((name): [string, Check] => [
    `Event#${name}`,
    () => [
      Reflect.get(new Event("a"), name),
      heard((event) => Reflect.get(event, name), {
        cancelable: true,
        bubbles: true,
      }),
    ],
  ]);
  const phases = ["NONE", "CAPTURING_PHASE", "AT_TARGET", "BUBBLING_PHASE"];
  const constants = phases.map((name): [string, Check] => [
    `Event.${name}`,
    () => Reflect.get(Event, name),
  ]);
  const isTarget = (name: string) =>
    heard((event) => Reflect.get(event, name) instanceof EventTarget);
  return {
    ...Object.fromEntries([...checks, ...constants]),
    Event: () => [
      Object.prototype.toString.call(new Event("a")),
      thrown(() => Reflect.construct(Event, [])),
    ],
    "Event#initEvent": () => {
      const event = new Event("a");
      member(event, "initEvent")("b", true, true);
      return [event.type, event.bubbles, event.cancelable];
    },
    "Event#stopImmediatePropagation": () => {
      const target = new EventTarget();
      const seen: number[] = [];
      target.addEventListener("x", (event) => {
        seen.push(1);
        event.stopImmediatePropagation();
      });
      target.addEventListener("x", () => seen.push(2));
      target.dispatchEvent(new Event("x"));
      return seen;
    },
    "Event#stopPropagation": () =>
      heard((event) => [event.stopPropagation(), event.cancelBubble]),
    "Event#preventDefault": () => [
      heard((event) => event.preventDefault(), { cancelable: true }),
      heard((event) => event.preventDefault()),
    ],
    "Event#target": () => isTarget("target"),
    "Event#currentTarget": () => isTarget("currentTarget"),
    "Event#srcElement": () => isTarget("srcElement"),
    "Event#timeStamp": () => new Event("a").timeStamp >= 0,
    "Event#composedPath": () => [
      heard((event) => event.composedPath().length),
      new Event("a").composedPath(),
    ],
    CustomEvent: () => {
      const event = instance(globalThis, "CustomEvent", "a", { detail: [1] });
      return [event.type, event instanceof Event];
    },
    "CustomEvent#detail": () =>
      instance(globalThis, "CustomEvent", "a", { detail: [1] }).detail,
    MessageEvent: () =>
      instance(globalThis, "MessageEvent", "message", { data: [1] }).type,
    CloseEvent: () => {
      const event = instance(globalThis, "CloseEvent", "close", {
        code: 1000,
        reason: "why",
        wasClean: true,
      });
      return [event.code, event.reason, event.wasClean];
    },
    ErrorEvent: () => {
      const event = instance(globalThis, "ErrorEvent", "error", {
        message: "why",
        lineno: 3,
        error: 5,
      });
      return [event.message, event.lineno, event.error, event.filename];
    },
  };
}

function targets(): Record<string, Check> {
  return {
    EventTarget: () => {
      class Mine extends EventTarget {}
      const seen: string[] = [];
      const mine = new Mine();
      mine.addEventListener("x", {
        handleEvent: (event) => void seen.push(event.type),
      });
      mine.dispatchEvent(new Event("x"));
      return [seen, mine instanceof EventTarget];
    },
    "EventTarget#addEventListener": () => {
      const target = new EventTarget();
      const controller = new AbortController();
      let count = 0;
      const listener = () => (count += 1);
      target.addEventListener("x", listener);
      target.addEventListener("x", listener);
      target.addEventListener("x", () => (count += 10), { once: true });
      target.addEventListener("x", () => (count += 100), {
        signal: controller.signal,
      });
      target.dispatchEvent(new Event("x"));
      controller.abort();
      target.dispatchEvent(new Event("x"));
      return count;
    },
    "EventTarget#removeEventListener": () => {
      const target = new EventTarget();
      let count = 0;
      const listener = () => (count += 1);
      target.addEventListener("x", listener);
      target.removeEventListener("x", listener);
      target.dispatchEvent(new Event("x"));
      return count;
    },
    "EventTarget#dispatchEvent": () => {
      const target = new EventTarget();
      target.addEventListener("x", (event) => event.preventDefault());
      return [
        target.dispatchEvent(new Event("x", { cancelable: true })),
        target.dispatchEvent(new Event("y")),
        thrown(() => member(target, "dispatchEvent")({ type: "x" })),
      ];
    },
  };
}

function signals(): Record<string, Check> {
  return {
    AbortController: () => {
      const controller = new AbortController();
      controller.abort();
      return [controller.signal.aborted, told(controller.signal.reason)];
    },
    "AbortController#signal": () => {
      const { signal } = new AbortController();
      return [signal instanceof AbortSignal, signal.aborted];
    },
    "AbortController#abort": () => {
      const controller = new AbortController();
      const seen: unknown[] = [];
      controller.signal.addEventListener("abort", (event) =>
        seen.push(event.type),
      );
      controller.abort("why");
      controller.abort("again");
      return [seen, controller.signal.reason];
    },
    AbortSignal: () => thrown(() => Reflect.construct(AbortSignal, [])),
    "AbortSignal#aborted": () => [
      AbortSignal.abort().aborted,
      new AbortController().signal.aborted,
    ],
    "AbortSignal#reason": () => [
      AbortSignal.abort("why").reason,
      told(AbortSignal.abort().reason),
    ],
    "AbortSignal#throwIfAborted": () => [
      thrown(() => new AbortController().signal.throwIfAborted()),
      thrown(() => AbortSignal.abort(new Error("why")).throwIfAborted()),
    ],
    "AbortSignal#onabort": () => {
      const controller = new AbortController();
      let seen = "";
      Reflect.set(controller.signal, "onabort", ({ type }: Event) => {
        seen = type;
      });
      controller.abort();
      return seen;
    },
    "AbortSignal.abort": () => AbortSignal.abort(5).reason,
    "AbortSignal.timeout": async () => {
      const signal = AbortSignal.timeout(5);
      const kept = setTimeout(() => undefined, 500);
      await new Promise((resolve) => {
        signal.addEventListener("abort", resolve);
      });
      clearTimeout(kept);
      return [signal.aborted, told(signal.reason)];
    },
    "AbortSignal.any": () => {
      const [a, b] = [new AbortController(), new AbortController()];
      const either = AbortSignal.any([a.signal, b.signal]);
      b.abort("by b");
      return [either.aborted, either.reason, a.signal.aborted];
    },
  };
}

function exceptions(): Record<string, Check> {
  const made = () => new DOMException("words", "AbortError");
  const codes = Object.getOwnPropertyNames(DOMException).filter((name) =>
    name.endsWith("_ERR"),
  );
  const constants = codes.flatMap((name): [string, Check][] => [
    [`DOMException.${name}`, () => Reflect.get(DOMException, name)],
    [`DOMException#${name}`, () => Reflect.get(made(), name)],
  ]);
  return {
    ...Object.fromEntries(constants),
    DOMException: () => [
      told(made()),
      made() instanceof Error,
      String(made()),
      told(new DOMException("words", { name: "Mine", cause: 1 })),
    ],
    "DOMException#name": () => made().name,
    "DOMException#message": () => made().message,
    "DOMException#code": () => [made().code, new DOMException("", "Mine").code],
    QuotaExceededError: () => {
      const error = instance(globalThis, "QuotaExceededError", "full", {
        quota: 5,
        requested: 6,
      });
      return [told(error), error.quota, error.requested];
    },
  };
}
