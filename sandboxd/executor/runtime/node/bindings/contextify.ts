/** Scripts, in the one context there is: by indirect eval, whose `let` and `const` end with the script. */
import type { Exports, RealmParts } from "../realm.ts";
import { refusal } from "../unavailable.ts";

const oneContext = "an extension has the one context it runs in";

/** Node asks for one context of its own, by this name, for regular expressions that the program cannot have patched. */
const libraryContext = "internal";
const libraryContexts = new WeakSet<object>();
/** What Node evaluates there: its global object. */
const libraryCode = "this";

export function createBinding({
  loadScript,
  primordials,
  internalBinding,
}: RealmParts): Exports {
  const { contextify_context_private_symbol: isContextKey }: Exports = Object(
    internalBinding("util")["privateSymbols"],
  );
  const libraryGlobal = { RegExp: unpatchedRegExp(primordials) };
  const facts = loadScript("facts:contextify");
  const { constants }: Exports = Object(
    typeof facts === "function" ? facts() : {},
  );
  return {
    constants,
    ContextifyScript: scriptClass(libraryGlobal),
    makeContext: (context: unknown, name: unknown) => {
      if (name !== libraryContext || typeof context !== "object" || !context)
        throw refusal("vm.createContext", oneContext);
      libraryContexts.add(context);
      if (typeof isContextKey === "symbol")
        Object.defineProperty(context, isContextKey, { value: context });
      return context;
    },
    compileFunction: (
      code: string,
      filename: string,
      _line: number,
      _column: number,
      _cached: unknown,
      _produce: boolean,
      _context: unknown,
      _extensions: unknown,
      parameters?: string[],
    ) => ({
      // oxlint-disable-next-line typescript/no-implied-eval -- as above
      function: new Function(...(parameters ?? []), named(code, filename)),
      sourceMapURL: undefined,
    }),
    compileFunctionForCJSLoader: () => {
      throw refusal("module", "an extension's modules are bundled");
    },
    containsModuleSyntax: (code: string) => /^\s*(import|export)\b/m.test(code),
    startSigintWatchdog: () => undefined,
    stopSigintWatchdog: () => false,
    watchdogHasPendingSigint: () => false,
    measureMemory: () => {
      throw refusal("vm.measureMemory", oneContext);
    },
  };
}

/** What eval gives and takes are the guest's. */
// oxlint-disable-next-line eslint/no-eval -- the guest's own code, in the guest's own realm
const evaluate: (code: string) => unknown = globalThis.eval;

function scriptClass(libraryGlobal: object): unknown {
  return class ContextifyScript {
    readonly #code: string;
    readonly #isLibraryCode: boolean;

    constructor(code: string, filename: string) {
      // Parsed now, so that a script which is none is refused when it is made.
      evaluate(`(function () {${code}\n})`);
      this.#isLibraryCode = code === libraryCode;
      // The library's is never named: that would use an expression which may be patched.
      this.#code = this.#isLibraryCode ? code : named(code, filename);
      Object.defineProperty(this, "cachedDataRejected", {
        value: undefined,
        writable: true,
        configurable: true,
      });
    }

    runInContext(context: unknown): unknown {
      if (context === null) return evaluate(this.#code);
      const isLibrary =
        typeof context === "object" && libraryContexts.has(context);
      if (isLibrary && this.#isLibraryCode) return libraryGlobal;
      throw refusal("vm.Script.runInContext", oneContext);
    }

    createCachedData(): Uint8Array {
      return new Uint8Array(0);
    }
  };
}

/** Makes expressions whose own methods are the first ones, as those of another realm would be. */
function unpatchedRegExp({ hardenRegExp: harden }: Exports): unknown {
  const Plain = RegExp;
  const exec: unknown = Reflect.get(Plain.prototype, "exec");
  function Unpatched(source: string, flags: string): unknown {
    const made = new Plain(source, flags);
    return typeof harden === "function" ? harden(made) : made;
  }
  Unpatched.prototype = { exec };
  return Unpatched;
}

function named(code: string, filename: string): string {
  return /^[\w./@:-]+$/.test(filename)
    ? `${code}\n//# sourceURL=${filename}`
    : code;
}
