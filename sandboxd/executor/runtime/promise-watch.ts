/**
 * Which promises were rejected and are handled by nobody, for a guest that listens to that: V8 tells it outside the isolate
 * alone, and there only of one. From the first listener on, promises that come by the global `Promise` or by `then` are
 * watched; a native `await` of one is seen by its `constructor`, which it asks for. What native async functions return and
 * nobody touches stays unseen, so that the build lowers them (controlplane/build/lower.ts).
 */
import {
  apply,
  construct,
  createNotes,
  defineProperty,
  dictionary,
  get,
  objectKeys,
  promiseThen,
  PromiseIntrinsic,
  ProxyIntrinsic,
  readProperty,
  valueProperty,
  type Notes,
} from "./intrinsics.ts";

/** Told of a rejection without a handler, and of a handler that came after that. */
export interface PromiseListener {
  rejected: (promise: object, reason: unknown) => void;
  handled: (promise: object) => void;
}

interface Watched {
  isHandled: boolean;
  isTold: boolean;
}

/** Watches for as long as the isolate lives. */
export function watchPromises(listener: PromiseListener): void {
  const notes: Notes<Watched> = createNotes();
  let isOwn = false;
  const watch = (promise: unknown): unknown => {
    if (typeof promise !== "object" || promise === null) return promise;
    if (notes.get(promise)) return promise;
    const watched: Watched = { isHandled: false, isTold: false };
    const before = isOwn;
    isOwn = true;
    try {
      promiseThen(promise, undefined, (reason) => {
        if (watched.isHandled) return;
        watched.isTold = true;
        listener.rejected(promise, reason);
      });
      notes.set(promise, watched);
    } catch {
      // No promise of this realm: it has its own ways.
    } finally {
      isOwn = before;
    }
    return promise;
  };
  const handle = (promise: unknown) => {
    if (typeof promise !== "object" || promise === null) return;
    const watched = notes.get(promise);
    if (!watched || watched.isHandled) return;
    watched.isHandled = true;
    if (watched.isTold) listener.handled(promise);
  };
  /** Runs what asks for a promise's `constructor` and handles nothing. */
  const quietly = <Result>(work: () => Result): Result => {
    const before = isOwn;
    isOwn = true;
    try {
      return work();
    } finally {
      isOwn = before;
    }
  };

  const { prototype } = PromiseIntrinsic;
  const then = Object(readProperty(prototype, "then"));
  put(prototype, "then", {
    value: named("then", function (this: unknown, ...callbacks: unknown[]) {
      handle(this);
      return watch(quietly(() => apply(then, this, callbacks)));
    }),
    writable: true,
  });
  put(prototype, "constructor", {
    get: function (this: unknown) {
      if (!isOwn) handle(this);
      return PromiseIntrinsic;
    },
    set: function (this: object, value: unknown) {
      put(this, "constructor", { value, writable: true });
    },
  });
  put(globalThis, "Promise", {
    value: watchedConstructor(watch, quietly),
    writable: true,
  });
}

/** The global `Promise`: what it makes is watched. */
function watchedConstructor(
  watch: (promise: unknown) => unknown,
  quietly: <Result>(work: () => Result) => Result,
): unknown {
  const statics = dictionary<unknown>();
  const traps: ProxyHandler<PromiseConstructor> = dictionary();
  const watched: unknown = new ProxyIntrinsic(PromiseIntrinsic, traps);
  const ownOf = (of: unknown) => (of === watched ? PromiseIntrinsic : of);
  const add = (name: string) => {
    const native = readProperty(PromiseIntrinsic, name);
    if (typeof native !== "function") return;
    statics[name] = named(
      name,
      function (this: unknown, ...parameters: unknown[]) {
        const made: unknown = quietly(() =>
          apply(native, ownOf(this), parameters),
        );
        if (name !== "withResolvers") return watch(made);
        watch(readProperty(Object(made), "promise"));
        return made;
      },
    );
  };
  add("resolve");
  add("reject");
  add("try");
  add("withResolvers");
  // They call `then` of what they are given, and so handle it.
  add("all");
  add("allSettled");
  add("any");
  add("race");
  // A subclass is the species of its own.
  traps.get = (native, name, receiver: unknown) =>
    (typeof name === "string" ? statics[name] : undefined) ??
    get(native, name, receiver);
  traps.construct = (native, parameters, newTarget) =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a constructor gives is an object
    watch(construct(native, parameters, Object(ownOf(newTarget)))) as object;
  return watched;
}

function named<Method extends object>(name: string, method: Method): Method {
  put(method, "name", { value: name });
  return method;
}

function put(owner: object, name: string, how: PropertyDescriptor): void {
  const descriptor: PropertyDescriptor = dictionary();
  const names = objectKeys(how);
  for (let at = 0; at < names.length; at++) {
    const key = names[at];
    if (key !== undefined)
      defineProperty(descriptor, key, valueProperty(readProperty(how, key)));
  }
  descriptor.configurable = true;
  defineProperty(owner, name, descriptor);
}
