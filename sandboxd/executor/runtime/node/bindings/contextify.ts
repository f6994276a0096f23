/** Scripts: in the one context there is by indirect eval, whose `let` and `const` end with the script; and in contexts more. */
import type { VmContext } from "../contexts/vm.ts";
import { newContextPrefix } from "../new-context-prefix.ts";
import type { Exports, RealmParts } from "../realm.ts";
import { refusal } from "../unavailable.ts";
import { cachedDataOf, placed, type ScriptPlace } from "../vm-scripts.ts";

/** Node asks for one context of its own, by this name, for regular expressions that the program cannot have patched. */
const libraryContext = "internal";
/** What Node evaluates there: its global object. */
const libraryCode = "this";

type Contexts = WeakMap<object, VmContext>;

export function createBinding(parts: RealmParts): Exports {
  const { loadScript, primordials, internalBinding } = parts;
  const { contextify_context_private_symbol: isContextKey }: Exports = Object(
    internalBinding("util")["privateSymbols"],
  );
  const { vm_context_no_contextify: nobodys }: Exports =
    internalBinding("symbols");
  const contexts: Contexts = new WeakMap();
  const facts = loadScript("facts:contextify");
  const { constants }: Exports = Object(
    typeof facts === "function" ? facts() : {},
  );
  return {
    constants,
    ContextifyScript: scriptClass(contexts),
    makeContext: (wanted: unknown, name: unknown) => {
      const context: object = wanted === nobodys ? {} : Object(wanted);
      contexts.set(
        context,
        name === libraryContext
          ? contextOfLibrary(primordials, () => openContext(parts, context))
          : openContext(parts, context),
      );
      if (typeof isContextKey === "symbol")
        Object.defineProperty(context, isContextKey, {
          value: context,
          configurable: true,
        });
      return context;
    },
    compileFunction: (
      code: string,
      filename: string,
      line: number,
      column: number,
      cached: unknown,
      produce: boolean,
      context: object | undefined,
      extensions: readonly object[] | undefined,
      parameters: readonly string[] = [],
    ) => {
      const place = { filename, line, column };
      const body = placed(code, place);
      const make = context && contexts.get(context)?.compile;
      const data = cachedDataOf(code, cached);
      return {
        function: make
          ? make(parameters, body)
          : functionOf(parameters, body, extensions ?? []),
        sourceMapURL: sourceMapOf(code),
        ...(cached !== undefined && { cachedDataRejected: data.isRejected }),
        ...(produce && { cachedDataProduced: true, cachedData: data.bytes() }),
      };
    },
    compileFunctionForCJSLoader: (
      code: string,
      filename: string,
      _isMain: boolean,
      mayBeModule: boolean,
    ) => {
      const names = ["exports", "require", "module", "__filename", "__dirname"];
      const body = placed(code, { filename, line: 0, column: 0 });
      try {
        return {
          canParseAsESM: false,
          cachedDataRejected: false,
          sourceMapURL: sourceMapOf(code),
          function: functionOf(names, body, []),
        };
      } catch (thrown) {
        if (mayBeModule && isModule(code))
          throw refusal(filename, "modules are bundled when it is published");
        throw thrown;
      }
    },
    containsModuleSyntax: isModule,
    shouldRetryAsESM: () => false,
    startSigintWatchdog: () => undefined,
    stopSigintWatchdog: () => false,
    watchdogHasPendingSigint: () => false,
    measureMemory: () => {
      throw refusal(
        "vm.measureMemory",
        "an extension is measured from outside",
      );
    },
  };
}

/** In the isolate of the program: of its heap, and on its clocks. */
function openContext({ loadScript }: RealmParts, object: object): VmContext {
  const open = loadScript(`${newContextPrefix}vm`);
  if (typeof open !== "function")
    throw refusal("vm.createContext", "there is no room for a context");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- ours, in contexts/vm.ts
  return open(object, prepareStack) as VmContext;
}

/** As the program has it now: so in Node, for errors of all contexts. */
function prepareStack(error: unknown, trace: unknown): unknown {
  const prepare: unknown = Reflect.get(Error, "prepareStackTrace");
  return typeof prepare === "function" ? prepare(error, trace) : String(error);
}

/** A program may use the name too: what is none of the library's runs in a context like any other. */
function contextOfLibrary(
  primordials: Exports,
  open: () => VmContext,
): VmContext {
  const libraryGlobal = { RegExp: unpatchedRegExp(primordials) };
  let opened: VmContext | undefined;
  return {
    run: (code) =>
      code === libraryCode ? libraryGlobal : (opened ??= open()).run(code),
    compile: (parameters, body) =>
      (opened ??= open()).compile(parameters, body),
  };
}

/** What eval gives and takes are the guest's. */
// oxlint-disable-next-line eslint/no-eval -- the guest's own code, in the guest's own realm
const evaluate: (code: string) => unknown = globalThis.eval;

function scriptClass(contexts: Contexts): unknown {
  return class ContextifyScript {
    readonly #code: string;
    readonly #place: ScriptPlace;
    readonly sourceMapURL: string | undefined;

    constructor(
      code: string,
      filename: string,
      line: number,
      column: number,
      cached: unknown,
      produce: boolean,
    ) {
      this.#code = code;
      this.#place = { filename, line, column };
      // The library's is never looked at: that would use an expression which may be patched.
      if (code === libraryCode) return;
      // Parsed now, so that a script which is none is refused when it is made.
      evaluate(`(function () {${placed(code, this.#place)}\n})`);
      this.sourceMapURL = sourceMapOf(code);
      const data = cachedDataOf(code, cached);
      define(this, "cachedDataRejected", cached && data.isRejected);
      if (!produce) return;
      define(this, "cachedDataProduced", true);
      define(this, "cachedData", data.bytes());
    }

    /** The clock of the invocation is the one that counts, not `timeout`. */
    runInContext(context: object | null): unknown {
      const known = context && contexts.get(context);
      if (known && this.#code === libraryCode) return known.run(libraryCode);
      const code = placed(this.#code, this.#place);
      return known ? known.run(code) : evaluate(code);
    }

    createCachedData(): Uint8Array {
      return cachedDataOf(this.#code, undefined).bytes();
    }
  };
}

function define(of: object, name: string, value: unknown): void {
  Object.defineProperty(of, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/** With the properties of `extensions` as names around it. */
function functionOf(
  parameters: readonly string[],
  body: string,
  extensions: readonly object[],
): unknown {
  // Alone neither may close the other.
  // oxlint-disable-next-line typescript/no-implied-eval -- the guest's own code, in the guest's own realm
  const plain: unknown = new Function(...parameters, body);
  const names = extensions.map((_, at) => `__extension${at}`);
  const around = names.map((name) => `with (${name}) `).join("");
  // In one line with its parameters, so that its lines are those of the body.
  const make = evaluate(
    `(function (${names.join(",")}) { ${around}return function (${parameters.join(",")}) {${body}\n} })`,
  );
  return typeof make === "function" ? make(...extensions) : plain;
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

function isModule(code: string): boolean {
  return /^\s*(import\b(?!\s*[(.])|export\b)/m.test(code);
}

function sourceMapOf(code: string): string | undefined {
  const at = code.lastIndexOf("//# sourceMappingURL=");
  return at < 0 ? undefined : /^\S+/.exec(code.slice(at + 21))?.[0];
}
