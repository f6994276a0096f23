/** What cannot be cloned, and how V8 calls it. */
import { isError, isObject, nameOf, tagOf } from "./kinds.ts";

/** As V8 words it. */
export function describe(value: object): string {
  const name = nameOf(value);
  const tag = tagOf(value);
  const isNamed = !unnamed.includes(name) || value === globalThis;
  const isPlain = tag === "[object Object]" || tag === "[object Arguments]";
  return isNamed || isPlain ? `#<${name}>` : tag;
}

/** Names of classes that V8 does not give, for they are those of what an object inherits from. */
const unnamed = ["", "Object", "Symbol", "Iterator"];

/** Of a proxy V8 tells what it stands for; nothing where it was revoked. */
export function describeProxied(target: object | null): string {
  if (target === null) return "null";
  if (typeof target === "function")
    return Function.prototype.toString.call(target);
  if (isError(target)) return Error.prototype.toString.call(target);
  if (Object.getPrototypeOf(target) === null) return "[object Object]";
  return ownTags.includes(tagOf(target)) ? tagOf(target) : describe(target);
}

const ownTags = ["[object Array]", "[object Date]", "[object RegExp]"];

let uncloneable: Set<unknown> | undefined;

/** Of a kind of the language that cannot be cloned, as its prototypes tell. */
export function isUncloneable(value: object): boolean {
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
