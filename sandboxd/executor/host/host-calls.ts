/**
 * What the executor's own Node does for a guest, in one synchronous call out of its isolate. Whatever comes is hostile:
 * each operation checks shapes and sizes, and bounds what it costs; its CPU time is the call's, for it runs on its thread.
 */
import { cryptoOperations } from "./crypto.ts";
import { httpParserOperations } from "./http-parser.ts";
import { HostRefusal, type HostOperation } from "./operations.ts";
import { systemOperations, type IsolateParts } from "./system.ts";
import { textOperations } from "./text.ts";
import { zlibOperations } from "./zlib.ts";
import { urlPatternOperations } from "./url-pattern.ts";
import { urlOperations } from "./url.ts";

/** What is done for one isolate. */
export interface HostCalls {
  call: HostOperation;
  /** What there is to be called. */
  names: () => string[];
  /** Frees what is kept for it, once it is gone. */
  close: () => void;
}

/** The operations of one isolate, with what they keep for it. */
export function createHostCalls(isolate: IsolateParts): HostCalls {
  const endings: (() => void)[] = [];
  const operations = new Map<unknown, HostOperation>(
    Object.entries<HostOperation>({
      ...systemOperations(isolate),
      ...textOperations(),
      ...httpParserOperations(endings),
      ...zlibOperations(),
      ...urlOperations(),
      ...urlPatternOperations(),
      ...cryptoOperations(),
    }),
  );
  const call: HostOperation = (operation, ...parameters) => {
    try {
      const run = operations.get(operation);
      if (!run) throw new HostRefusal("ERR_UNKNOWN", "no such operation");
      return run(...parameters);
    } catch (error) {
      return { thrown: wordsOf(error) };
    }
  };
  return {
    call,
    names: () => [...operations.keys()].map(String),
    close: () => {
      for (const end of endings) end();
    },
  };
}

/** An error as data: no stack of ours goes inside. */
function wordsOf(error: unknown) {
  if (!(error instanceof Error)) return { name: "Error", message: "failed" };
  const { name, message } = error;
  const code: unknown = Reflect.get(error, "code");
  return {
    name,
    message: message.slice(0, 1024),
    ...(typeof code === "string" && { code }),
    ...detailsOf(error),
  };
}

/** What OpenSSL says beside its message; a list of texts, or a text. */
const detailNames = ["opensslErrorStack", "library", "function", "reason"];
const maxDetails = 32;

function detailsOf(error: Error): { details?: Record<string, unknown> } {
  const details: Record<string, unknown> = {};
  for (const name of detailNames) {
    const value: unknown = Reflect.get(error, name);
    if (typeof value === "string") details[name] = value.slice(0, 1024);
    if (Array.isArray(value))
      details[name] = value.slice(0, maxDetails).map(String);
  }
  return Object.keys(details).length > 0 ? { details } : {};
}
