/** Node's own list: what each builtin of the Node that runs this has, by name. */
import { open } from "node:fs/promises";
import { createRequire } from "node:module";
import { devNull } from "node:os";
import { runInNewContext } from "node:vm";

const require = createRequire(import.meta.url);

/** The classes whose members count too, by the builtin they are counted under; globals are counted once, there. */
const classes: Record<string, readonly string[]> = {
  assert: ["AssertionError", "Assert"],
  async_hooks: ["AsyncLocalStorage", "AsyncResource"],
  buffer: ["Buffer", "Blob", "File"],
  crypto: [
    "Certificate",
    "Cipheriv",
    "Decipheriv",
    "DiffieHellman",
    "DiffieHellmanGroup",
    "ECDH",
    "Hash",
    "Hmac",
    "KeyObject",
    "Sign",
    "Verify",
    "X509Certificate",
  ],
  diagnostics_channel: ["Channel"],
  dns: ["Resolver"],
  events: ["EventEmitter"],
  fs: ["Dirent", "Stats", "ReadStream", "WriteStream", "Dir"],
  http: [
    "Agent",
    "ClientRequest",
    "IncomingMessage",
    "OutgoingMessage",
    "Server",
    "ServerResponse",
  ],
  module: ["Module"],
  net: ["BlockList", "SocketAddress", "Server", "Socket"],
  readline: ["Interface"],
  stream: [
    "Readable",
    "Writable",
    "Duplex",
    "Transform",
    "PassThrough",
    "Stream",
  ],
  string_decoder: ["StringDecoder"],
  tls: ["TLSSocket"],
  url: ["URLPattern"],
  util: ["MIMEType", "MIMEParams"],
  vm: ["Script"],
};

/** As above, of globals. */
const globalClasses = [
  "AbortController",
  "AbortSignal",
  "Blob",
  "ByteLengthQueuingStrategy",
  "CompressionStream",
  "CountQueuingStrategy",
  "Crypto",
  "CryptoKey",
  "CustomEvent",
  "DOMException",
  "DecompressionStream",
  "Event",
  "EventTarget",
  "File",
  "FormData",
  "Headers",
  "MessageChannel",
  "MessageEvent",
  "MessagePort",
  "Performance",
  "ReadableByteStreamController",
  "ReadableStream",
  "ReadableStreamBYOBReader",
  "ReadableStreamBYOBRequest",
  "ReadableStreamDefaultController",
  "ReadableStreamDefaultReader",
  "Request",
  "Response",
  "SubtleCrypto",
  "TextDecoder",
  "TextDecoderStream",
  "TextEncoder",
  "TextEncoderStream",
  "TransformStream",
  "TransformStreamDefaultController",
  "URL",
  "URLSearchParams",
  "WritableStream",
  "WritableStreamDefaultController",
  "WritableStreamDefaultWriter",
];

/** What process and cluster have of being emitters, and not as members of their own. */
const emitterFields = ["_events", "_eventsCount", "_maxListeners", "domain"];

/** The members of a builtin, or of `globals`. */
export async function nodeMembers(module: string): Promise<string[]> {
  if (module === "globals") return globalMembers();
  const exports: Record<string, unknown> = require(`node:${module}`);
  const isProcess = module === "process" || module === "cluster";
  const names = Object.keys(exports).filter(
    // Of lchmod there is but the name on Linux.
    (name) =>
      exports[name] !== undefined &&
      !(isProcess && emitterFields.includes(name)),
  );
  const ofClasses = (classes[module] ?? []).flatMap((name) =>
    // Where the class is the module, its statics are the exports.
    classMembers(name, exports[name], exports[name] !== exports),
  );
  const ofHandles = module === "fs/promises" ? await fileHandleMembers() : [];
  return [...new Set([...names, ...ofClasses, ...ofHandles])];
}

/** No export leads to the class of open files. */
async function fileHandleMembers(): Promise<string[]> {
  const handle = await open(devNull);
  try {
    return classMembers("FileHandle", handle.constructor, false);
  } finally {
    await handle.close();
  }
}

/** What Node puts beside the language's own globals, and those of the engine that Node or we change. */
function globalMembers(): string[] {
  const language: string[] = runInNewContext(
    "Object.getOwnPropertyNames(globalThis)",
  );
  const names = Object.getOwnPropertyNames(globalThis).filter(
    // Without a flag that names its file, the storage that lasts is undefined in Node too.
    (name) => !language.includes(name) && name !== "localStorage",
  );
  const counted = ["SharedArrayBuffer", "Atomics", "WebAssembly", "console"];
  const ofClasses = globalClasses.flatMap((name) =>
    classMembers(name, Reflect.get(globalThis, name), true),
  );
  return [...new Set([...names, ...counted, ...ofClasses])];
}

function classMembers(
  name: string,
  holder: unknown,
  withStatics: boolean,
): string[] {
  if (typeof holder !== "function") return [];
  const prototype: unknown = holder.prototype;
  const own =
    typeof prototype === "object" && prototype !== null
      ? Object.getOwnPropertyNames(prototype)
      : [];
  const statics = withStatics ? Object.getOwnPropertyNames(holder) : [];
  const isOwnName = (each: string) =>
    !each.startsWith("_") &&
    ![
      "constructor",
      "length",
      "name",
      "prototype",
      "super_",
      "arguments",
      "caller",
    ].includes(each);
  const isMember = (each: string) =>
    !each.startsWith("_") && each !== "constructor";
  return [
    ...own.filter(isMember).map((each) => `${name}#${each}`),
    ...statics.filter(isOwnName).map((each) => `${name}.${each}`),
  ];
}
