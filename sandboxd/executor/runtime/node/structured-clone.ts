/**
 * Structured clone within one realm. V8's own serializer is out of a guest's reach, so this walks the value as the HTML
 * standard says, with V8's choices and words. With a transfer list it walks twice: only what could be cloned is moved.
 */

/** What it needs of Node's library. */
export interface CloneParts {
  /** What a platform object may do: 0 nothing, 1 be transferred, 2 be cloned; undefined for all others. */
  transferModeOf: (value: object) => number | undefined;
  /** Whether it was marked as one that is never moved. */
  isHeld: (value: object) => boolean;
  symbols: { clone: symbol; transfer: symbol; transferList: symbol };
  /** Makes the receiver of what `clone` or `transfer` gave. */
  receive: (info: string, data: unknown) => object;
  /** Moves what this realm's bindings made; undefined for anything else. */
  move: (value: object) => object | undefined;
  createError: (message: string) => Error;
}

export type Clone = (value: unknown, transfer: readonly unknown[]) => unknown;

const isTransferable = 1;
const isCloneable = 2;

export function createClone(parts: CloneParts): Clone {
  return (value, transfer) => {
    if (transfer.length === 0) return new Walk(parts).copy(value);
    const list = checkedList(parts, transfer);
    const walk = new Walk(parts);
    const stands = list.map((item) => walk.leaveOut(item));
    const copy = walk.copy(value);
    const moving = new Walk(parts, walk.views);
    // Each may carry others of the list inside, which come after it.
    for (let at = list.length - 1; at >= 0; at--)
      moving.put(stands[at], moved(parts, moving, walk, list[at]));
    return moving.copy(copy);
  };
}

/** The list with what its members carry. */
function checkedList(
  parts: CloneParts,
  transfer: readonly unknown[],
): object[] {
  const list: object[] = [];
  const refuse = (message: string) => {
    throw parts.createError(message);
  };
  const add = (item: unknown) => {
    if (!isObject(item)) return refuse("Found invalid value in transferList.");
    const isBuffer = works(bufferLength, item);
    if (list.includes(item))
      return refuse(
        `Transfer list contains duplicate ${isBuffer ? "ArrayBuffer" : nameOf(item)}`,
      );
    const mode = isBuffer ? isTransferable : parts.transferModeOf(item);
    if (mode === undefined)
      return refuse("Found invalid value in transferList.");
    const isHeld = parts.isHeld(item) || (isBuffer && isDetached(item));
    if ((mode & isTransferable) === 0 || isHeld)
      return refuse("Cannot transfer object of unsupported type.");
    list.push(item);
    const carried: unknown = Reflect.get(item, parts.symbols.transferList);
    if (typeof carried !== "function") return undefined;
    const inner: unknown = carried.call(item);
    if (Array.isArray(inner)) inner.forEach(add);
    return undefined;
  };
  transfer.forEach(add);
  return list;
}

function moved(
  parts: CloneParts,
  moving: Walk,
  walk: Walk,
  item: object | undefined,
): object {
  if (item === undefined) throw new TypeError("nothing to move");
  if (works(bufferLength, item)) return moveBuffer(item);
  const native = parts.move(item);
  if (native) return native;
  const transfer: unknown = Reflect.get(item, parts.symbols.transfer);
  if (typeof transfer !== "function")
    throw parts.createError("Cannot transfer object of unsupported type.");
  const { data, deserializeInfo } = transfer.call(item);
  return parts.receive(deserializeInfo, moving.copy(walk.copyData(data)));
}

/** One walk over a value: what was met before is met again as its copy. */
class Walk {
  /** Views on buffers that are to be moved: made when those are there. */
  readonly views = new Map<object, View>();
  readonly #parts: CloneParts;
  readonly #copies = new Map<unknown, object>();
  readonly #waiting: ReadonlyMap<object, View>;
  readonly #leftOut = new Set<object>();

  constructor(
    parts: CloneParts,
    waiting: ReadonlyMap<object, View> = new Map(),
  ) {
    this.#parts = parts;
    this.#waiting = waiting;
  }

  /** Something stands for it in the copy. */
  leaveOut(item: object): object {
    const stand = Object.create(null);
    this.#copies.set(item, stand);
    this.#leftOut.add(stand);
    return stand;
  }

  put(stand: object | undefined, item: object): void {
    this.#copies.set(stand, item);
  }

  copy(value: unknown): unknown {
    if (!isObject(value)) {
      if (typeof value === "symbol") return this.#refuse(value.toString());
      return value;
    }
    return this.#copies.get(value) ?? this.#copyObject(value);
  }

  /** Of a platform object: its handle is nobody else's, and goes along as it is. */
  copyData(data: unknown): unknown {
    if (!isObject(data) || !Object.hasOwn(data, "handle"))
      return this.copy(data);
    const { handle, ...rest }: Record<string, unknown> = { ...data };
    return { handle, ...Object(this.copy(rest)) };
  }

  #copyObject(value: object): object {
    const waiting = this.#waiting.get(value);
    if (waiting) return this.#keep(value, this.#createView(waiting));
    if (typeof value === "function")
      return this.#refuse(Function.prototype.toString.call(value));
    const mode = this.#parts.transferModeOf(value);
    if (mode !== undefined) return this.#copyPlatformObject(value, mode);
    if (Array.isArray(value)) return this.#copyArray(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    const isPlain =
      (prototype === null || prototype === Object.prototype) &&
      tagOf(value) === "[object Object]";
    if (isPlain && value !== globalThis)
      return this.#copyProperties(value, this.#keep(value, {}));
    return (
      this.#copyBuiltIn(value) ??
      this.#copyProperties(value, this.#keep(value, {}))
    );
  }

  #copyPlatformObject(value: object, mode: number): object {
    if (mode === 0)
      throw this.#parts.createError("Cannot clone object of unsupported type.");
    if ((mode & isCloneable) === 0)
      throw this.#parts.createError(
        "Object that needs transfer was found in message but not listed in transferList",
      );
    const clone: unknown = Reflect.get(value, this.#parts.symbols.clone);
    if (typeof clone !== "function") return this.#refuse(nameOf(value));
    const { data, deserializeInfo } = clone.call(value);
    const received = this.#parts.receive(deserializeInfo, this.copyData(data));
    return this.#keep(value, received);
  }

  #copyArray(value: readonly unknown[]): object {
    const copy = this.#keep<unknown[]>(value, []);
    copy.length = value.length;
    return this.#copyProperties(value, copy);
  }

  #copyProperties(value: object, copy: object): object {
    for (const name of Object.keys(value)) {
      // A getter may have removed it.
      if (!Object.hasOwn(value, name)) continue;
      const property = this.copy(Reflect.get(value, name));
      if (name === "__proto__" || Array.isArray(copy))
        define(copy, name, property);
      else Reflect.set(copy, name, property);
    }
    return copy;
  }

  /** undefined for an object of no kind of the language. */
  #copyBuiltIn(value: object): object | undefined {
    if (works(dateTime, value))
      return this.#keep(value, new Date(Number(dateTime.call(value))));
    if (value !== RegExp.prototype && works(regExpSource, value))
      return this.#keep(
        value,
        new RegExp(
          String(Reflect.apply(regExpSource, value, [])),
          String(Reflect.get(value, "flags")),
        ),
      );
    if (works(mapSize, value)) return this.#copyMap(value);
    if (works(setSize, value)) return this.#copySet(value);
    if (works(bufferLength, value)) return this.#copyBuffer(value);
    if (ArrayBuffer.isView(value)) return this.#copyView(value);
    if (isError(value)) return this.#copyError(value);
    for (const valueOf of boxes)
      if (works(valueOf, value))
        return this.#keep(value, Object(Reflect.apply(valueOf, value, [])));
    return isUncloneable(value) ? this.#refuse(describe(value)) : undefined;
  }

  #copyMap(map: object): object {
    const entries: [unknown, unknown][] = [];
    mapForEach.call(map, (item, key) => void entries.push([key, item]));
    const copy = this.#keep(map, new Map<unknown, unknown>());
    for (const [key, item] of entries)
      mapSet.call(copy, this.copy(key), this.copy(item));
    return copy;
  }

  #copySet(set: object): object {
    const items: unknown[] = [];
    setForEach.call(set, (item) => void items.push(item));
    const copy = this.#keep(set, new Set<unknown>());
    for (const item of items) setAdd.call(copy, this.copy(item));
    return copy;
  }

  #copyBuffer(buffer: object): object {
    if (isDetached(buffer))
      throw this.#parts.createError(
        "An ArrayBuffer is detached and could not be cloned.",
      );
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its slot was tested
    return this.#keep(buffer, sliceBuffer.call(buffer as ArrayBuffer, 0));
  }

  #copyView(value: ArrayBufferView): object {
    const view = viewOf(value);
    if (!this.#isLeftOut(view.buffer))
      return this.#keep(value, this.#createView(view));
    const stand = this.#keep(value, {});
    // Of this walk's copy of the buffer, as the next one meets it.
    const buffer = this.#copies.get(view.buffer) ?? view.buffer;
    this.views.set(stand, { ...view, buffer });
    return stand;
  }

  #isLeftOut(buffer: object): boolean {
    const copy = this.#copies.get(buffer);
    return copy !== undefined && this.#leftOut.has(copy);
  }

  #createView({ create, buffer, offset, length }: View): object {
    const copy: unknown = this.copy(buffer);
    return Reflect.construct(create, [copy, offset, length]);
  }

  #copyError(error: object): object {
    const name: unknown = Reflect.get(error, "name");
    const ErrorClass = errorClasses.get(String(name)) ?? Error;
    const made = this.#keep(error, new ErrorClass());
    const message = Object.getOwnPropertyDescriptor(error, "message");
    if (message && "value" in message)
      hide(made, "message", String(message.value));
    const stack: unknown = Reflect.get(error, "stack");
    if (typeof stack === "string") hide(made, "stack", stack);
    if (Object.hasOwn(error, "cause"))
      hide(made, "cause", this.copy(Reflect.get(error, "cause")));
    return made;
  }

  #keep<Copy extends object>(value: object, copy: Copy): Copy {
    this.#copies.set(value, copy);
    return copy;
  }

  #refuse(what: string): never {
    throw this.#parts.createError(`${what} could not be cloned.`);
  }
}

interface View {
  create: new (...parameters: never[]) => object;
  buffer: object;
  offset: number;
  length: number;
}

type Method = (this: unknown, ...parameters: unknown[]) => unknown;

const bufferLength = getterOf(ArrayBuffer.prototype, "byteLength");
const bufferDetached = getterOf(ArrayBuffer.prototype, "detached");
const mapSize = getterOf(Map.prototype, "size");
const setSize = getterOf(Set.prototype, "size");
const regExpSource = getterOf(RegExp.prototype, "source");
const dateTime: Method = Reflect.get(Date.prototype, "getTime");
const mapForEach: (
  this: object,
  each: (item: unknown, key: unknown) => void,
) => void = Reflect.get(Map.prototype, "forEach");
const mapSet: Method = Reflect.get(Map.prototype, "set");
const setForEach: (this: object, each: (item: unknown) => void) => void =
  Reflect.get(Set.prototype, "forEach");
const setAdd: Method = Reflect.get(Set.prototype, "add");
const sliceBuffer: (this: ArrayBuffer, start: number) => ArrayBuffer =
  Reflect.get(ArrayBuffer.prototype, "slice");
const transferBuffer: (this: object) => ArrayBuffer = Reflect.get(
  ArrayBuffer.prototype,
  "transfer",
);
const typedArray: object = Object(Object.getPrototypeOf(Uint8Array.prototype));
const typedArrayKind = getterOf(typedArray, Symbol.toStringTag);
const boxes: readonly Method[] = [Number, String, Boolean, BigInt].map(
  ({ prototype }) => Reflect.get(prototype, "valueOf"),
);
const errorClasses = new Map<string, ErrorConstructor>(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(
    (made) => [made.name, made],
  ),
);
const viewClasses = new Map<unknown, new (...parameters: never[]) => object>(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    Reflect.get(globalThis, "Float16Array"),
  ]
    .filter((made) => typeof made === "function")
    .map((made) => [made.name, made]),
);

function isObject(value: unknown): value is object {
  return (
    (typeof value === "object" && value !== null) || typeof value === "function"
  );
}

function getterOf(prototype: object, name: string | symbol): Method {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  return Reflect.get(Object(descriptor), "get");
}

function works(test: Method, value: unknown): boolean {
  try {
    Reflect.apply(test, value, []);
    return true;
  } catch {
    return false;
  }
}

function isDetached(buffer: object): boolean {
  return Reflect.apply(bufferDetached, buffer, []) === true;
}

function moveBuffer(buffer: object): object {
  return Reflect.apply(transferBuffer, buffer, []);
}

function viewOf(value: ArrayBufferView): View {
  const kind = Reflect.apply(typedArrayKind, value, []);
  const prototype = kind === undefined ? DataView.prototype : typedArray;
  const read = (name: string) =>
    Reflect.apply(getterOf(prototype, name), value, []);
  const buffer = Object(read("buffer"));
  if (isDetached(buffer))
    return { create: Uint8Array, buffer, offset: 0, length: 0 };
  return {
    create: viewClasses.get(kind) ?? DataView,
    buffer,
    offset: Number(read("byteOffset")),
    length: Number(read(kind === undefined ? "byteLength" : "length")),
  };
}

function isError(value: object): boolean {
  const test: unknown = Reflect.get(Error, "isError");
  return typeof test === "function" && test(value) === true;
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value);
}

function nameOf(value: object): string {
  const made: unknown = Reflect.get(value, "constructor");
  return typeof made === "function" ? made.name : "Object";
}

/** As V8 words it. */
function describe(value: object): string {
  const name = nameOf(value);
  const tag = tagOf(value);
  const isNamed = !unnamed.includes(name) || value === globalThis;
  const isPlain = tag === "[object Object]" || tag === "[object Arguments]";
  return isNamed || isPlain ? `#<${name}>` : tag;
}

/** Names of classes that V8 does not give, for they are those of what an object inherits from. */
const unnamed = ["", "Object", "Symbol", "Iterator"];

let uncloneable: Set<unknown> | undefined;

/** Of a kind of the language that cannot be cloned, as its prototypes tell. */
function isUncloneable(value: object): boolean {
  if (value === globalThis || tagOf(value) === "[object Arguments]")
    return true;
  uncloneable ??= uncloneablePrototypes();
  for (
    let prototype: unknown = Object.getPrototypeOf(value);
    isObject(prototype);
    prototype = Object.getPrototypeOf(prototype)
  )
    if (uncloneable.has(prototype)) return true;
  return false;
}

function uncloneablePrototypes(): Set<unknown> {
  const prototypes = new Set<unknown>([
    Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())),
    Object.getPrototypeOf(
      Object.getPrototypeOf(Object.getPrototypeOf((async function* () {})())),
    ),
  ]);
  const spaces: unknown[] = [
    Reflect.get(globalThis, "Intl"),
    Reflect.get(globalThis, "Temporal"),
  ];
  const classes = [
    ...[
      "Promise",
      "Symbol",
      "WeakMap",
      "WeakRef",
      "WeakSet",
      "FinalizationRegistry",
      "DisposableStack",
      "AsyncDisposableStack",
    ].map((name): unknown => Reflect.get(globalThis, name)),
    ...spaces.flatMap((space) =>
      Object.getOwnPropertyNames(Object(space)).map((name): unknown =>
        Reflect.get(Object(space), name),
      ),
    ),
  ];
  for (const made of classes)
    if (typeof made === "function" && isObject(made.prototype))
      prototypes.add(made.prototype);
  return prototypes;
}

function define(of: object, name: string, value: unknown): void {
  Object.defineProperty(of, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

function hide(of: object, name: string, value: unknown): void {
  Object.defineProperty(of, name, {
    value,
    writable: true,
    enumerable: false,
    configurable: true,
  });
}
