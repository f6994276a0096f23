/**
 * A second context for Node's `vm`, evaluated in it: a language of its own whose globals are the properties of an object of
 * the program's. V8 offers no hook for that here, so the properties that there are when a script starts stand on the global
 * object as accessors, others are found through its prototype, and what a script declares moves to the object when it ends.
 */
import { defineProperty, dictionary, ownKeys } from "../../intrinsics.ts";
import { defineHidden, withhold } from "../../withheld.ts";

/** A context as the binding `contextify` uses it. */
export interface VmContext {
  /** Evaluates a script with the properties of the object as its globals. */
  run: (code: string) => unknown;
  /** A function of this context, from its parameters and its body. */
  compile: (parameters: readonly string[], body: string) => unknown;
}

type Key = string | symbol;

// oxlint-disable-next-line eslint/no-eval -- the guest's own code, in the guest's own realm
const evaluate: (code: string) => unknown = globalThis.eval;
const FunctionHere = Function;
const { construct, get, set, has, getOwnPropertyDescriptor } = Reflect;
const { deleteProperty, setPrototypeOf } = Reflect;
const objectPrototype: object = Object.prototype;
const { is } = Object;
const ProxyHere = Proxy;

/** The object, and what writes the stacks of errors, are of the context that asks. */
export function openContext(
  object: object,
  prepareStack: (error: unknown, trace: unknown) => unknown,
): VmContext {
  withhold();
  defineHidden(Error, "prepareStackTrace", prepareStack);
  const globals = new Globals(object);
  return {
    run: (code) => {
      globals.enter();
      try {
        const value = evaluate(code);
        // The global object itself is closed to other contexts.
        return value === globalThis ? object : value;
      } finally {
        globals.leave();
      }
    },
    compile: (parameters, body) => {
      globals.enter();
      return functionOf(parameters, body);
    },
  };
}

/** In one line with its parameters, so that its lines are those of the body. */
function functionOf(parameters: readonly string[], body: string): unknown {
  // Alone neither may close the other.
  construct(FunctionHere, [...parameters, body]);
  return evaluate(`(function (${parameters.join(",")}) {${body}\n})`);
}

class Globals {
  readonly #object: object;
  /** The getters that stand for properties of the object. */
  readonly #getters = new Map<Key, () => unknown>();
  /** What the language has by the names they hide. */
  readonly #hidden = new Map<Key, PropertyDescriptor>();
  readonly #builtIns = new Map<Key, unknown>();
  /** What the running script has declared and not yet given a value; undefined: nobody has looked. */
  #declared: readonly Key[] | undefined;

  constructor(object: object) {
    this.#object = object;
    for (const key of ownKeys(globalThis))
      this.#builtIns.set(key, getOwnPropertyDescriptor(globalThis, key)?.value);
    setPrototypeOf(globalThis, this.#prototype());
  }

  /** Before a script: each property of the object has its accessor, and no other. */
  enter(): void {
    this.#declared = undefined;
    const keys = new Set(ownKeys(this.#object));
    for (const key of this.#getters.keys()) if (!keys.has(key)) this.#hide(key);
    for (const key of keys) if (!this.#getters.has(key)) this.#show(key);
  }

  /** After it: what it declared or redefined is the object's. */
  leave(): void {
    for (const key of ownKeys(globalThis)) this.#take(key);
  }

  /** True for what is declared and has no value yet: Node's object has it when it has one. */
  #take(key: Key): boolean {
    const found = getOwnPropertyDescriptor(globalThis, key);
    if (!found || !this.#isNew(key, found)) return false;
    if ("value" in found && found.value === undefined) return true;
    this.#getters.delete(key);
    if (!("value" in found)) defineProperty(this.#object, key, found);
    else if (!set(this.#object, key, found.value)) return false;
    this.#show(key);
    return false;
  }

  #isNew(key: Key, found: PropertyDescriptor): boolean {
    const getter = this.#getters.get(key);
    if (getter) return found.get !== getter;
    return (
      !this.#builtIns.has(key) || !is(found.value, this.#builtIns.get(key))
    );
  }

  #show(key: Key): void {
    const own = getOwnPropertyDescriptor(globalThis, key);
    if (own?.configurable === false) return;
    if (own && this.#builtIns.has(key) && !this.#hidden.has(key))
      this.#hidden.set(key, {
        ...own,
        ...("value" in own && { value: this.#builtIns.get(key) }),
      });
    const getter = () => get(this.#object, key);
    this.#getters.set(key, getter);
    defineProperty(globalThis, key, {
      get: getter,
      set: (value: unknown) => void set(this.#object, key, value),
      enumerable:
        getOwnPropertyDescriptor(this.#object, key)?.enumerable ?? true,
      configurable: true,
    });
  }

  #hide(key: Key): void {
    this.#getters.delete(key);
    deleteProperty(globalThis, key);
    const hidden = this.#hidden.get(key);
    if (!hidden) return;
    this.#hidden.delete(key);
    defineProperty(globalThis, key, hidden);
  }

  /** What is no own property of the global object: the object's later ones, and those it inherits. */
  #prototype(): object {
    const handler: ProxyHandler<object> = dictionary();
    handler.has = (target, key) => has(this.#object, key) || has(target, key);
    handler.get = (target, key, receiver) =>
      has(this.#object, key) && !has(target, key)
        ? get(this.#object, key)
        : get(target, key, receiver);
    handler.set = (_target, key, value) => {
      // What the script gave values before comes before it.
      const declared = this.#declared ?? ownKeys(globalThis);
      this.#declared = declared.filter((one) => this.#take(one));
      return set(this.#object, key, value);
    };
    return new ProxyHere({ __proto__: objectPrototype }, handler);
  }
}
