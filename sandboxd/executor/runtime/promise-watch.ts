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
  const resolve = Object(readProperty(PromiseIntrinsic, "resolve"));
  put(PromiseIntrinsic, "resolve", {
    value: named("resolve", function (this: unknown, value: unknown) {
      return watch(quietly(() => apply(resolve, this, [value])));
    }),
    writable: true,
  });
  const watched = watchedConstructor((made) => (isOwn ? made : watch(made)));
  put(prototype, "constructor", {
    get: function (this: unknown) {
      if (!isOwn) handle(this);
      return watched;
    },
    set: function (this: object, value: unknown) {
      put(this, "constructor", { value, writable: true });
    },
  });
  put(globalThis, "Promise", { value: watched, writable: true });
}

/** The global `Promise`: what it makes is watched, and so what its own methods make by it. */
function watchedConstructor(watch: (promise: unknown) => unknown): unknown {
  const traps: ProxyHandler<PromiseConstructor> = dictionary();
  const watched: unknown = new ProxyIntrinsic(PromiseIntrinsic, traps);
  traps.construct = (native, parameters, newTarget) => {
    const target: unknown = newTarget === watched ? native : newTarget;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a constructor, and so a function
    const made: unknown = construct(native, parameters, target as () => void);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a constructor gives is an object
    return watch(made) as object;
  };
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
