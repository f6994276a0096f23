/** What a program does to its process by asking the system, as far as there is one: signals, directories, masks. */
import type { Exports, RealmParts } from "./realm.ts";
import { refusal } from "./unavailable.ts";

/** Node's names for those of its bindings that a program of this runtime may look at. */
const openBindings = ["config", "constants", "uv"];
/** Others that Node would give. */
const closedBindings = new Set(
  "buffer cares_wrap contextify fs fs_event_wrap icu inspector js_stream os pipe_wrap process_wrap spawn_sync stream_wrap tcp_wrap tls_wrap tty_wrap udp_wrap zlib natives".split(
    " ",
  ),
);
/** Signals that end no process where nobody listens. */
const harmless = new Set(["SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH"]);
const signalExit = 128;

export function ownProcess(parts: RealmParts): Exports {
  const { require, internalBinding } = parts;
  const methods = () => internalBinding("process_methods");
  const validators = () => require("internal/validators");
  return {
    chdir(directory: unknown) {
      call(validators()["validateString"], directory, "directory");
      call(methods()["chdir"], directory);
    },
    umask(mask?: unknown) {
      const mode =
        mask === undefined
          ? undefined
          : call(validators()["parseFileMode"], mask, "mask");
      return call(methods()["umask"], mode);
    },
    _kill: (pid: unknown, signal: unknown) =>
      killed(parts, pid, Number(signal)),
    binding: (name: unknown) => binding(parts, String(name)),
    _linkedBinding: (name: unknown) => {
      const { codes } = require("internal/errors");
      throw Object.assign(
        new Error(`No such binding was linked: ${String(name)}`),
        codes && { code: "ERR_INVALID_MODULE" },
      );
    },
  };
}

/** The number of an error, or 0. This process is the only one there is. */
function killed(parts: RealmParts, pid: unknown, signal: number): number {
  const { process, internalBinding, runtime } = parts;
  const uv = internalBinding("uv");
  const own = Number(process["pid"]);
  if (![0, own, -own].includes(Number(pid))) return Number(uv["UV_ESRCH"]);
  if (signal === 0) return 0;
  const signals = Object(internalBinding("constants")["os"]).signals;
  const name = Object.keys(Object(signals)).find(
    (known) => Reflect.get(Object(signals), known) === signal,
  );
  if (name === undefined) return Number(uv["UV_EINVAL"]);
  const listeners = Object(process["listenerCount"]);
  if (Number(Reflect.apply(listeners, process, [name])) > 0)
    runtime.soon(
      () =>
        void Reflect.apply(Object(process["emit"]), process, [
          name,
          name,
          signal,
        ]),
    );
  else if (!harmless.has(name)) runtime.exit(signalExit + signal);
  return 0;
}

function binding({ require, internalBinding }: RealmParts, name: string) {
  if (openBindings.includes(name)) return internalBinding(name);
  if (name === "util")
    return call(require("internal/legacy/processbinding")["util"]);
  if (closedBindings.has(name))
    throw refusal(
      `process.binding("${name}")`,
      "an extension has Node's modules, and not what they stand on",
    );
  throw new Error(`No such module: ${name}`);
}

function call(method: unknown, ...parameters: unknown[]): unknown {
  return Reflect.apply(Object(method), undefined, parameters);
}
