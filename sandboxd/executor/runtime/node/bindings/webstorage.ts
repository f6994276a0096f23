/** `Storage`, in the isolate's own memory: gone with it, and as large as Node's may be. */
import { isObject } from "../cloning/kinds.ts";
import type { Exports, RealmParts } from "../realm.ts";

/** Of names and values together, at two bytes a char. */
const maxBytes = 10 * 1024 * 1024;

type Method = (items: Items, given: unknown[]) => unknown;

export function createBinding({
  internalBinding,
  runtime,
}: RealmParts): Exports {
  const kConstructorKey = Symbol("kConstructorKey");
  const storages = new WeakMap<object, Items>();
  const itemsOf = (storage: unknown): Items => {
    const items = isObject(storage) ? storages.get(storage) : undefined;
    if (!items) throw new TypeError("Illegal invocation");
    return items;
  };
  const tooLong = (): object =>
    Reflect.construct(
      Object(internalBinding("messaging")["QuotaExceededError"]),
      ["Setting the value exceeded the quota"],
    );

  // Its length is Node's.
  function Storage(this: object, ...[key]: [key?: unknown]): object {
    if (!new.target || key !== kConstructorKey)
      throw coded(new Error("Illegal constructor"), "ERR_ILLEGAL_CONSTRUCTOR");
    const items = new Items(tooLong);
    const storage = runtime.proxies.createUnseen(this, namedProperties(items));
    storages.set(storage, items);
    return storage;
  }
  Object.defineProperty(Storage.prototype, "length", {
    get(this: unknown) {
      return itemsOf(this).size;
    },
    enumerable: true,
  });
  for (const [name, least, work] of methods) {
    const method = {
      // As many parameters as Node's say they have: none.
      [name](this: unknown, ...given: unknown[]): unknown {
        const items = itemsOf(this);
        if (given.length < least) throw tooFew(name, least);
        return work(items, given);
      },
    };
    Object.assign(Storage.prototype, method);
  }
  return { kConstructorKey, Storage };
}

const methods: readonly [name: string, least: number, work: Method][] = [
  ["clear", 0, (items) => items.clear()],
  ["getItem", 1, (items, [name]) => items.get(text(name)) ?? null],
  ["key", 1, (items, [index]) => items.names()[Number(index) | 0] ?? null],
  ["removeItem", 1, (items, [name]) => items.remove(text(name))],
  ["setItem", 2, (items, [name, value]) => items.set(text(name), text(value))],
];

/** What a storage holds. */
class Items {
  readonly #texts = new Map<string, string>();
  readonly #tooLong: () => object;
  #chars = 0;

  constructor(tooLong: () => object) {
    this.#tooLong = tooLong;
  }

  get size(): number {
    return this.#texts.size;
  }

  names(): string[] {
    return [...this.#texts.keys()].toSorted((a, b) => (a < b ? -1 : 1));
  }

  get(name: string): string | undefined {
    return this.#texts.get(name);
  }

  set(name: string, value: string): void {
    const before = this.#texts.get(name);
    const known = before === undefined ? 0 : name.length + before.length;
    const chars = this.#chars - known + name.length + value.length;
    if (chars * 2 > maxBytes) throw this.#tooLong();
    this.#chars = chars;
    this.#texts.set(name, value);
  }

  remove(name: string): void {
    const value = this.#texts.get(name);
    if (value === undefined) return;
    this.#chars -= name.length + value.length;
    this.#texts.delete(name);
  }

  clear(): void {
    this.#texts.clear();
    this.#chars = 0;
  }
}

/** What is stored looks like properties of its own; what has the name of a member is stored, and not shown. */
function namedProperties(items: Items): ProxyHandler<object> {
  const found = (target: object, name: string | symbol) =>
    typeof name === "string" && !(name in target) ? items.get(name) : undefined;
  return {
    get: (target, name, storage) =>
      found(target, name) ?? Reflect.get(target, name, storage),
    set: (_target, name, value) => {
      if (typeof name === "string") items.set(name, text(value));
      return true;
    },
    has: (target, name) => found(target, name) !== undefined || name in target,
    deleteProperty: (_target, name) => {
      if (typeof name === "string") items.remove(name);
      return true;
    },
    defineProperty: (_target, name, { value }) => {
      if (typeof name === "string") items.set(name, text(value));
      return true;
    },
    ownKeys: (target) => items.names().filter((name) => !(name in target)),
    getOwnPropertyDescriptor: (target, name) => {
      const value = found(target, name);
      if (value === undefined) return undefined;
      return { value, writable: true, enumerable: true, configurable: true };
    },
  };
}

function text(value: unknown): string {
  if (typeof value === "symbol")
    throw new TypeError("Cannot convert a Symbol value to a string");
  return String(value);
}

function tooFew(name: string, least: number): Error {
  const wanted = least === 1 ? "1 argument" : `${least} arguments`;
  return coded(
    new TypeError(
      `Failed to execute '${name}' on 'Storage': ${wanted} required`,
    ),
    "ERR_MISSING_ARGS",
  );
}

function coded<Thrown extends Error>(error: Thrown, code: string): Thrown {
  return Object.assign(error, { code });
}
