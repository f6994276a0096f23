/** Scripts, in the one context there is: by indirect eval, whose `let` and `const` end with the script. */
import type { Exports, RealmParts } from "../realm.ts";
import { refusal } from "../unavailable.ts";

const oneContext = "an extension has the one context it runs in";

export function createBinding({ loadScript }: RealmParts): Exports {
  const facts = loadScript("facts:contextify");
  const { constants }: Exports = Object(
    typeof facts === "function" ? facts() : {},
  );
  return {
    constants,
    ContextifyScript,
    makeContext: () => {
      throw refusal("vm.createContext", oneContext);
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

class ContextifyScript {
  readonly #code: string;

  constructor(code: string, filename: string) {
    // Parsed now, so that a script which is none is refused when it is made.
    evaluate(`(function () {${code}\n})`);
    this.#code = named(code, filename);
    Object.defineProperty(this, "cachedDataRejected", {
      value: undefined,
      writable: true,
      configurable: true,
    });
  }

  runInContext(context: unknown): unknown {
    if (context !== null) throw refusal("vm.Script.runInContext", oneContext);
    return evaluate(this.#code);
  }

  createCachedData(): Uint8Array {
    return new Uint8Array(0);
  }
}

function named(code: string, filename: string): string {
  return /^[\w./@:-]+$/.test(filename)
    ? `${code}\n//# sourceURL=${filename}`
    : code;
}
