/**
 * Runs in an isolate: everything that the language offers is replaced, before any module is loaded, by what does the
 * same and keeps whatever it was handed; then all of that is searched for ways out.
 */
/* global MODULES -- put in front of it */
/* oxlint-disable typescript/unbound-method -- each is applied to what it is for */
const { apply, construct, ownKeys, getOwnPropertyDescriptor, defineProperty } =
  Reflect;
const { toString } = Function.prototype;
const { create, getPrototypeOf } = Object;
const { add, has, forEach } = Set.prototype;
const SetIntrinsic = Set;
const ProxyIntrinsic = Proxy;

/** All of the language, by where it stands. */
const known = new SetIntrinsic();
const places = [];
const walk = (object, depth) => {
  if (apply(has, known, [object]) || depth > 4) return;
  apply(add, known, [object]);
  const keys = ownKeys(object);
  for (let at = 0; at < keys.length; at++) {
    const descriptor = getOwnPropertyDescriptor(object, keys[at]);
    places[places.length] = [object, keys[at], descriptor];
    for (const value of [descriptor.value, descriptor.get, descriptor.set])
      if (isHolder(value)) walk(value, depth + 1);
  }
  const prototype = getPrototypeOf(object);
  if (prototype) walk(prototype, depth + 1);
};
const isHolder = (value) =>
  (typeof value === "object" && value !== null) || typeof value === "function";
for (const name of "Object Function Array Map Set WeakMap WeakSet WeakRef Promise String Number Boolean BigInt Symbol RegExp Date Reflect JSON Math Proxy ArrayBuffer DataView Uint8Array Float64Array Error TypeError RangeError AggregateError FinalizationRegistry Iterator Intl".split(
  " ",
))
  if (globalThis[name]) walk(globalThis[name], 0);
for (const value of [
  [][Symbol.iterator](),
  new Map().entries(),
  new Set().entries(),
  (function* () {})(),
  (async function* () {})(),
  async () => {},
])
  walk(getPrototypeOf(value), 0);

const handed = new SetIntrinsic();
let isRecording = false;
const note = (value) => {
  if (isRecording && isHolder(value) && !apply(has, known, [value]))
    apply(add, handed, [value]);
};
const recording = (original) => {
  const traps = create(null);
  traps.apply = (target, self, given) => {
    note(self);
    for (let at = 0; at < given.length; at++) note(given[at]);
    const made = apply(target, self, given);
    note(made);
    return made;
  };
  traps.construct = (target, given, as) => {
    for (let at = 0; at < given.length; at++) note(given[at]);
    return construct(target, given, as);
  };
  const recorder = new ProxyIntrinsic(original, traps);
  apply(add, known, [recorder]);
  return recorder;
};

/** Names under which anything might be written to what has no such property of its own; of descriptors none, which Node takes for told. */
const names =
  "host call calls open raw parts run send post tell pull realm require exports internalBinding loadScript binding handle thrown name code message 0 1".split(
    " ",
  );
const patch = () => {
  for (let at = 0; at < places.length; at++) {
    const [object, key, descriptor] = places[at];
    if (!descriptor.configurable || key === "constructor") continue;
    const patched = create(null);
    for (const name of ["value", "get", "set"])
      if (descriptor[name] !== undefined)
        patched[name] =
          typeof descriptor[name] === "function"
            ? recording(descriptor[name])
            : descriptor[name];
    patched.configurable = true;
    patched.enumerable = descriptor.enumerable;
    if ("value" in descriptor) patched.writable = descriptor.writable;
    defineProperty(object, key, patched);
  }
  for (const name of names) {
    if (name in Object.prototype) continue;
    const trap = create(null);
    trap.configurable = true;
    trap.get = () => undefined;
    trap.set = function (value) {
      note(this);
      note(value);
      const own = create(null);
      own.value = value;
      own.writable = own.configurable = own.enumerable = true;
      defineProperty(this, name, own);
    };
    defineProperty(Object.prototype, name, trap);
  }
};
const restore = () => {
  for (const name of names) delete Object.prototype[name];
  for (let at = 0; at < places.length; at++)
    if (places[at][2].configurable)
      defineProperty(places[at][0], places[at][1], places[at][2]);
};

/** Functions among what was handed over, and in what it holds. */
const functionsIn = () => {
  const functions = new SetIntrinsic();
  const seen = new SetIntrinsic();
  const visit = (value, depth) => {
    if (!isHolder(value) || known.has(value) || seen.has(value)) return;
    seen.add(value);
    if (typeof value === "function") functions.add(value);
    if (depth === 0 || seen.size > 200_000) return;
    let keys = [];
    try {
      keys = ownKeys(value).slice(0, 300);
    } catch {}
    for (const key of keys)
      try {
        const { value: held, get, set } = getOwnPropertyDescriptor(value, key);
        for (const one of [held, get, set]) visit(one, depth - 1);
      } catch {}
    try {
      visit(getPrototypeOf(value), depth - 1);
    } catch {}
  };
  forEach.call(handed, (value) => visit(value, 2));
  return { functions, count: seen.size };
};

/** What leads out at once, and not through the library's own function, which looks at what comes back. */
const isRaw = (candidate) => {
  const source = toString.call(candidate);
  if (!source.includes("[native code]")) return false;
  if (/^(bound|get|set) /.test(candidate.name)) return false;
  try {
    if (candidate("no such operation")?.thrown !== undefined) return true;
    if (typeof candidate("internal/util") === "function") return true;
  } catch {}
  return false;
};
const isOfIsolatedVm = (value) =>
  /^(Reference|ExternalCopy|Isolate|Context|Module|Callback|NativeModule)$/.test(
    value.constructor?.name ?? "",
  ) && toString.call(value.constructor).includes("[native code]");

const use = (module) => {
  for (const key of ownKeys(module))
    try {
      const { value } = getOwnPropertyDescriptor(module, key);
      if (typeof value === "function" && /^[a-z]/.test(String(key)))
        Object(value("a", "b"));
      else if (typeof value === "function") Object(new value());
    } catch {}
};

module.exports = (ctx, cb) => {
  isRecording = true;
  patch();
  const failed = [];
  for (let at = 0; at < MODULES.length; at++)
    try {
      const module = require(MODULES[at]);
      if (!/process|cluster|worker|repl/.test(MODULES[at])) use(module);
    } catch (error) {
      failed[failed.length] = `${MODULES[at]}: ${String(error)}`;
    }
  isRecording = false;
  restore();
  const { functions, count } = functionsIn();
  const found = [];
  for (const value of functions)
    if (isRaw(value)) found.push(`${value.name}: ${toString.call(value)}`);
  forEach.call(handed, (value) => {
    try {
      if (isOfIsolatedVm(value)) found.push(value.constructor.name);
    } catch {}
  });
  cb(null, { found, functions: functions.size, count, failed });
};
