/**
 * console: lines of text for the invocation's log. What is text already goes there as it is; for everything else Node's own
 * Console is taken up, which writes into the log.
 */
import type { Calls } from "./calls.ts";
import {
  apply,
  defineProperty,
  dictionary,
  ErrorIntrinsic,
  hasOwn,
  indexInText,
  isObject,
  now,
  ownKeys,
  readProperty,
  sliceText,
  toText,
} from "./intrinsics.ts";
import { exitWords } from "./process.ts";
import { flattenError } from "./errors.ts";
import type { Realm } from "./node/realm.ts";

const maxLineChars = 16 * 1024;

type Level = "debug" | "log" | "info" | "warn" | "error";
type Method = (...parts: unknown[]) => unknown;

/** The methods a guest finds on `console`. */
export type GuestConsole = Record<string, unknown>;

/** Where lines go that do not go to the log at once, and `process`'s streams once there are any. */
export interface Outputs {
  stdout?: object;
  stderr?: object;
}

/** In Node's order; the level is that of the lines they write. */
const methods: readonly (readonly [name: string, level: Level])[] = [
  ["log", "log"],
  ["warn", "warn"],
  ["dir", "log"],
  ["time", "log"],
  ["timeEnd", "info"],
  ["timeLog", "info"],
  ["trace", "error"],
  ["assert", "warn"],
  ["clear", "log"],
  ["count", "log"],
  ["countReset", "log"],
  ["group", "log"],
  ["groupEnd", "log"],
  ["table", "log"],
  ["debug", "debug"],
  ["info", "info"],
  ["dirxml", "log"],
  ["error", "error"],
  ["groupCollapsed", "log"],
];
/** Of an inspector, which there is none of. */
const idle = ["context", "profile", "profileEnd", "timeStamp"] as const;
/** These write their parts, and nothing else. */
const plain: Record<string, true> = dictionary();
for (const name of ["log", "warn", "debug", "info", "error"])
  plain[name] = true;

export function createConsole(
  calls: Calls,
  realm: Realm,
  outputs: Outputs,
): GuestConsole {
  let groups = 0;
  let level: Level = "log";
  let full: object | undefined;
  /** Streams that a guest has put in the place of the console's own. */
  const given: Outputs = {};
  /** Where a guest has lines written: such a stream, or one of the process's with a `write` of the guest's. */
  const diverted = (to: keyof Outputs): object | undefined => {
    if (given[to]) return given[to];
    const stream = outputs[to];
    return stream && hasOwn(stream, "write") ? stream : undefined;
  };
  const line = (ownLevel: Level, text: string) => {
    const stream = diverted(streamOf(ownLevel));
    if (stream) writeTo(stream, `${text}\n`);
    else logLine(calls, ownLevel, text);
  };
  const write = (text: unknown) => {
    const stream = diverted(streamOf(level));
    if (stream) writeTo(stream, toText(text));
    else logLine(calls, level, withoutLineFeed(toText(text)));
  };
  const nodes = (): object =>
    (full ??= nodeConsole(realm, write, () => {
      const stream = diverted("stdout");
      return stream && readProperty(stream, "isTTY");
    }));
  const method = (name: string): unknown => readProperty(nodes(), name);
  const call = (name: string, ownLevel: Level, parts: unknown[]) => {
    const before = level;
    level = ownLevel;
    try {
      const run = method(name);
      if (typeof run === "function") apply(run, undefined, parts);
    } finally {
      level = before;
    }
    if (name === "groupEnd") groups = groups > 0 ? groups - 1 : 0;
    else if (name === "group" || name === "groupCollapsed") groups++;
  };

  calls.late = (thrown, words = "Uncaught ") => {
    const text = uncaughtText(thrown, words);
    if (text !== undefined) logLine(calls, "error", text);
  };
  const console: GuestConsole = {};
  const add = (name: string, value: unknown) =>
    defineProperty(console, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  for (const [name, ownLevel] of methods) {
    // Node's are namespace functions: they need no receiver.
    const run: Method = (...parts) => {
      const text =
        groups === 0 && name in plain ? plainText(realm, parts) : undefined;
      if (text === undefined) call(name, ownLevel, parts);
      else line(ownLevel, text);
    };
    defineProperty(run, "name", { value: name, configurable: true });
    add(name, run);
  }
  for (const name of idle) add(name, { [name]: () => undefined }[name]);
  add("createTask", createTask);
  addLazily(console, "Console", true, () => {
    takeBrand(console, nodes());
    return constructor(realm);
  });
  for (const name of ["stdout", "stderr"] as const)
    addLazily(
      console,
      `_${name}`,
      false,
      () => realm.internal("process")[name],
      (stream) => {
        if (isObject(stream)) given[name] = stream;
      },
    );
  defineProperty(console, Symbol.toStringTag, {
    value: "console",
    configurable: true,
  });
  return console;
}

/** Of an inspector too, but what is run in a task runs. */
function createTask(name: unknown): object {
  if (typeof name !== "string" || name === "")
    throw new ErrorIntrinsic("First argument must be a non-empty string.");
  return {
    run: (work: unknown) => {
      if (typeof work !== "function")
        throw new ErrorIntrinsic("First argument must be a function.");
      return apply(work, undefined, []);
    },
  };
}

/** What a line costs beside its text: empty ones are not free. */
const lineCostChars = 64;

/** Adds a line to the log of the call that runs, as long as there is room. */
export function logLine(calls: Calls, level: string, text: string): void {
  const call = calls.current();
  const line = sliceText(text, 0, maxLineChars);
  const cost = line.length + lineCostChars;
  if (call.logChars + cost > calls.limits.maxLogBytes) {
    call.logChars = calls.limits.maxLogBytes;
    calls.outbox.dropped(call.id);
    return;
  }
  call.logChars += cost;
  const cut = line.length < text.length ? `${line}…` : line;
  calls.outbox.log(call.id, level, now(), cut);
}

/** Of what was thrown where nobody waits for it; what ends a call by `process.exit` is no news. */
function uncaughtText(thrown: unknown, words: string): string | undefined {
  const error = flattenError(thrown);
  if (indexInText(error.message, exitWords) >= 0) return undefined;
  const frames = error.stack === "" ? "" : `\n${error.stack}`;
  return `${words}${error.name === "" ? "" : `${error.name}: `}${error.message}${frames}`;
}

/** Of parts that are text or as short as one, none of which tells how to write the others; undefined for all else. */
function plainText(realm: Realm, parts: unknown[]): string | undefined {
  if (parts.length === 0) return "";
  // By its index: the guest may have taken the iterator of lists.
  const first = parts[0];
  if (typeof first === "string") {
    if (parts.length === 1) return first;
    if (indexInText(first, "%") >= 0) return undefined;
  }
  let text = "";
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at];
    const word = typeof part === "string" ? part : wordOf(realm, part);
    if (word === undefined) return undefined;
    text += at === 0 ? word : ` ${word}`;
  }
  return text;
}

/** As Node's inspection writes it; where that is loaded, it may have been told otherwise. */
function wordOf(realm: Realm, value: unknown): string | undefined {
  if (realm.loaded("internal/util/inspect")) return undefined;
  if (typeof value === "number")
    return value === 0 && 1 / value < 0 ? "-0" : toText(value);
  const isPlain =
    value === undefined || value === null || typeof value === "boolean";
  return isPlain ? toText(value) : undefined;
}

function constructor(realm: Realm): unknown {
  return realm.internal("internal/console/constructor")["Console"];
}

/** Of Node's console: these go to its second stream. */
function streamOf(level: Level): keyof Outputs {
  return level === "warn" || level === "error" ? "stderr" : "stdout";
}

/** As Node's console: what a stream throws is nobody's. */
function writeTo(stream: object, text: string): void {
  const write = readProperty(stream, "write");
  if (typeof write !== "function") return;
  try {
    apply(write, stream, [text, () => undefined]);
  } catch {
    // A line that could not be written.
  }
}

/** Node's own, with the log in the place of both its streams. */
function nodeConsole(
  realm: Realm,
  write: (text: unknown) => void,
  isTTY: () => unknown,
): object {
  const sink = {
    get isTTY() {
      return isTTY();
    },
    write: (text: unknown) => {
      write(text);
      return true;
    },
    on: () => sink,
    once: () => sink,
    removeListener: () => sink,
    listenerCount: () => 1,
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
  const Console = constructor(realm) as new (options: object) => object;
  return new Console({ stdout: sink, stderr: sink, colorMode: false });
}

/** By this symbol Node's Console knows its instances. */
function takeBrand(console: object, full: object): void {
  const keys = ownKeys(full);
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at];
    if (typeof key !== "symbol" || toText(key) !== "Symbol(kIsConsole)")
      continue;
    defineProperty(console, key, { value: true, configurable: true });
  }
}

function withoutLineFeed(text: string): string {
  const end = text.length - 1;
  return sliceText(text, end) === "\n" ? sliceText(text, 0, end) : text;
}

function addLazily(
  owner: object,
  name: string,
  enumerable: boolean,
  load: () => unknown,
  taken?: (value: unknown) => void,
): void {
  const define = (value: unknown) =>
    defineProperty(owner, name, {
      value,
      writable: true,
      enumerable,
      configurable: true,
    });
  defineProperty(owner, name, {
    get: () => {
      const value = load();
      define(value);
      return value;
    },
    set: (value: unknown) => {
      define(value);
      taken?.(value);
    },
    enumerable,
    configurable: true,
  });
}
