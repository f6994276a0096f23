/** One value copied, with all it leads to, as the HTML standard says and with V8's choices. */
import type { Proxies } from "../../proxies.ts";
import {
  dateTime,
  regExpSource,
  mapSize,
  setSize,
  bufferLength,
  works,
  isError,
  boxes,
  mapForEach,
  mapSet,
  setForEach,
  setAdd,
  sliceBuffer,
  errorClasses,
  isDetached,
  isObject,
  nameOf,
  tagOf,
  viewOf,
  type View,
} from "./kinds.ts";
import { describe, describeProxied, isUncloneable } from "./refusals.ts";

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
  /** A proxy is never cloned, and none of its traps is asked. */
  proxies: Proxies;
}

const isCloneable = 2;

/** One walk over a value: what was met before is met again as its copy. */
export class Walk {
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
    const proxied = this.#parts.proxies.detailsOf(value);
    if (proxied) return this.#refuse(describeProxied(proxied.target));
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
