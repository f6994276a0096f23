/** Which of Node's tests make a slice, and which no isolate can be asked to pass. */

/** How the names of a slice's tests begin, after `test-`. */
export const slices: Record<string, readonly string[]> = {
  abort: ["abortcontroller", "abortsignal", "aborted", "event-capture"],
  assert: ["assert"],
  async_hooks: ["async-local-storage", "async-hooks", "als", "asyncresource"],
  blob: ["blob", "file"],
  buffer: ["buffer"],
  console: ["console"],
  crypto: ["crypto"],
  diagnostics_channel: ["diagnostics-channel"],
  dns: ["dns", "c-ares"],
  domain: ["domain"],
  errors: ["errors", "error", "err", "exception", "uncaught", "unhandled"],
  events: ["event-emitter", "events", "eventtarget", "eventemitter", "event"],
  fs: ["fs", "filehandle"],
  globals: ["global", "globals", "atob", "btoa", "structuredClone", "intl"],
  http: ["http", "client", "set-http"],
  https: ["https"],
  icu: ["icu"],
  messaging: ["worker-message", "messagechannel", "broadcastchannel"],
  microtask: ["microtask", "queue-microtask", "ticks"],
  mime: ["mime"],
  module: ["module", "require"],
  net: ["net", "socketaddress", "socket", "blocklist"],
  os: ["os"],
  path: ["path"],
  perf_hooks: ["perf", "performance", "performanceobserver"],
  process: ["process", "next-tick", "stdin", "stdout"],
  promises: ["promise", "promises", "promise-hook", "await"],
  punycode: ["punycode"],
  querystring: ["querystring"],
  readline: ["readline"],
  stream: ["stream", "stream2", "stream3", "readable", "streams"],
  string_decoder: ["string-decoder"],
  timers: ["timers", "timer"],
  tls: ["tls"],
  tty: ["tty", "ttywrap"],
  url: ["url", "whatwg-url", "urlpattern"],
  util: ["util", "inspect", "parse-args", "mime"],
  v8: ["v8"],
  vm: ["vm"],
  warnings: ["warn", "emit-warning"],
  webcrypto: ["webcrypto"],
  webstreams: ["whatwg-webstreams", "webstreams", "whatwg", "webstream"],
  zlib: ["zlib"],
};

/** What no isolate offers, in the words of a test. */
const words = [
  // Node's own inside, its flags and its build.
  /Flags:.*--(?!no-warnings)/,
  /internal\/test\/binding|internalBinding|process\.binding/,
  /require\(['"](node:)?(internal\/|repl|inspector|http2|sqlite|ffi)/,
  /(globalThis|global)\.gc/,
  // Other processes and threads.
  /require\(['"](node:)?(child_process|cluster)['"]/,
  /process\.execPath|common\.spawn|common\.(requireInspector|skipIfInspectorDisabled|childShouldThrow)/,
  /new Worker\(|SharedArrayBuffer|WebAssembly/,
  // Servers, and files of the machine.
  /(https|tls)\.(createServer|Server)|['"](node:)?dgram['"]/,
  /\/proc\/|\/dev\//,
  // Parts of Node's runner of tests that ours has not.
  /\bmock\b|require\(['"]test['"]\)|\.plan\(/,
];

export const leftOut = (source: string): boolean =>
  words.some((word) => word.test(source));
