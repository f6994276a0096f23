/**
 * What the runtime uses of the language, taken before any guest code runs, so that a guest that patches its globals
 * confuses only itself. Inside the runtime: no methods on strings or arrays, no spread, no `for…of`, no plain objects as
 * containers; each of those looks something up on a prototype the guest can reach.
 */

export const apply = Reflect.apply;
export const construct = Reflect.construct;
export const defineProperty = Reflect.defineProperty;
export const deleteProperty = Reflect.deleteProperty;
const setPrototypeOf = Reflect.setPrototypeOf;
export const getPrototypeOf = Reflect.getPrototypeOf;
const createObject: (prototype: null) => object = Object.create;
export const objectKeys = Object.keys;
export const ownKeys = Reflect.ownKeys;
export const hasOwn = Object.hasOwn;
export const isArray = Array.isArray;
export const toText = String;
export const toNumber = Number;
export const floor = Math.floor;
export const least = Math.min;
export const now = Date.now;
export const parse: (text: string) => unknown = JSON.parse;
/** undefined for what has no JSON form. */
export const stringify: (value: unknown) => string | undefined = JSON.stringify;

export const TypeErrorIntrinsic = TypeError;
export const RangeErrorIntrinsic = RangeError;
export const ErrorIntrinsic = Error;
export const PromiseIntrinsic = Promise;
export const ProxyIntrinsic = Proxy;
/** `then` as it was before any guest code. */
export const promiseThen: (
  promise: object,
  fulfilled: ((value: unknown) => unknown) | undefined,
  rejected: ((reason: unknown) => unknown) | undefined,
) => unknown = Function.prototype.call.bind(
  Reflect.get(Promise.prototype, "then"),
);
const WeakMapIntrinsic = WeakMap;

const { fromCharCode } = String;
const asyncPrototype = getPrototypeOf(async function () {});

type Method<Result> = (text: string, ...parameters: unknown[]) => Result;

/** A method of strings as a function. What `bind` makes asks no prototype when it is called, and V8 inlines it. */
function textMethod<Result>(name: string): Method<Result> {
  const method: Method<Result> = Reflect.get(String.prototype, name);
  return Function.prototype.call.bind(method);
}

export const sliceText = textMethod<string>("slice");
export const indexInText = textMethod<number>("indexOf");
export const lowerCase = textMethod<string>("toLowerCase");
export const charCode = textMethod<number>("charCodeAt");

/** Adds to a list of the runtime's own; an assignment would hand it to a setter the guest put on Array.prototype. */
export function append<Item>(list: Item[], item: Item): void {
  defineProperty(list, list.length, valueProperty(item));
}

/** What the runtime knows of objects that the guest holds. */
export interface Notes<Value> {
  get: (about: object) => Value | undefined;
  set: (about: object, value: Value) => void;
}

const getNote: (notes: object, about: object) => unknown =
  Function.prototype.call.bind(Reflect.get(WeakMap.prototype, "get"));
const setNote: (notes: object, about: object, value: unknown) => void =
  Function.prototype.call.bind(Reflect.get(WeakMap.prototype, "set"));

export function createNotes<Value>(): Notes<Value> {
  const notes = new WeakMapIntrinsic();
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `set` puts something there
    get: (about) => getNote(notes, about) as Value | undefined,
    set: (about, value) => setNote(notes, about, value),
  };
}

/** A property of anything; a getter or a trap may answer, or throw. */
export function readProperty(of: object, name: string | symbol): unknown {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a plain read
  return (of as Record<string | symbol, unknown>)[name];
}

/** The text of up to some thousand char codes. */
export function textOfCharCodes(codes: ArrayLike<number>): string {
  return apply(fromCharCode, undefined, codes);
}

/** A string as a JSON literal; no hook of the guest's is consulted for a primitive. */
export function quote(text: string): string {
  return stringify(text) ?? '""';
}

/** An object without prototype: its keys are only what was put there. */
export function dictionary<Value>(): Record<string, Value> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an object without properties is a record of anything
  return createObject(null) as Record<string, Value>;
}

/** The same object; what is read of it is its own, not what a guest put on Object.prototype. */
export function withoutPrototype<Made extends object>(made: Made): Made {
  setPrototypeOf(made, null);
  return made;
}

/** A descriptor of an ordinary property; without prototype, lest the guest's `get` slip in. */
export function valueProperty(value: unknown): PropertyDescriptor {
  const descriptor: PropertyDescriptor = dictionary();
  descriptor.value = value;
  descriptor.writable = true;
  descriptor.enumerable = true;
  descriptor.configurable = true;
  return descriptor;
}

export function isObject(value: unknown): value is object {
  return (
    (typeof value === "object" && value !== null) || typeof value === "function"
  );
}

export function isAsyncFunction(value: object): boolean {
  return getPrototypeOf(value) === asyncPrototype || isLoweredAsync(value);
}

/**
 * What the build makes of an async function where native `await` would lose what AsyncLocalStorage holds: an ordinary one
 * that returns esbuild's helper at once. Parameters with defaults are not looked through.
 */
const loweredAsync =
  /^(?:function\s*[\w$]*\s*)?(?:\((?:\{[^(){}=]*\}|[^(){}=])*\)|[\w$]+)\s*(?:=>\s*)?(?:\{\s*return )?__async\d*\((?:this|null), /;
const textOfFunction: (value: object) => string = Function.prototype.call.bind(
  Reflect.get(Function.prototype, "toString"),
);
/** `test` would ask the guest's `exec`. */
const findPattern: (pattern: RegExp, text: string) => object | null =
  Function.prototype.call.bind(Reflect.get(RegExp.prototype, "exec"));

function isLoweredAsync(value: object): boolean {
  return (
    typeof value === "function" &&
    findPattern(loweredAsync, textOfFunction(value)) !== null
  );
}

/** Runs work after the running code, before the entry into the isolate ends. `await` of a primitive asks no prototype. */
export async function enqueue(work: () => void): Promise<void> {
  // oxlint-disable-next-line typescript/await-thenable -- the wait is what is wanted
  await undefined;
  work();
}
