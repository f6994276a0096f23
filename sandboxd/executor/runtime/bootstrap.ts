/**
 * The runtime's entry, evaluated in a bare context before any guest code. Its completion value is an object of the entry
 * functions, which the executor alone holds; every one takes and gives strings and numbers only.
 */
import { select, type Selected } from "./adapters/select.ts";
import { createAnswer } from "./answer.ts";
import { createAsyncContext } from "./async-context.ts";
import { createCalls, type Call, type Calls, type Limits } from "./calls.ts";
import { createConsole, logLine, type Outputs } from "./console.ts";
import type { RequestHead } from "./context.ts";
import { createEgressErrors } from "./fetch/errors.ts";
import { createExchanges } from "./fetch/exchange.ts";
import { createFetch } from "./fetch/fetch.ts";
import { installGlobals } from "./globals.ts";
import {
  append,
  apply,
  isObject,
  parse,
  quote,
  toNumber,
} from "./intrinsics.ts";
import { createHost, type RawHost } from "./node/host.ts";
import {
  createRealm,
  moduleNotFoundCode,
  type LoadScript,
  type Realm,
} from "./node/realm.ts";
import { installProxies } from "./proxies.ts";
import { createOutbox } from "./outbox.ts";
import {
  bundleText,
  emitWarning,
  environmentOf,
  exitCall,
  refuseCallback,
} from "./process.ts";
import { createSockets } from "./sockets.ts";
import { awaitTopLevel } from "./top-level.ts";
import { createTicks, ticksLeft } from "./ticks.ts";
import { createTimers, type Timers } from "./timers.ts";
import { createUncaught, failUncaught, reasonOf } from "./uncaught.ts";

/** What the executor enters. */
export interface Entries {
  /** Evaluates the top level and finds the exported function. `run` takes the five names of a CommonJS module. */
  load: (call: number, run: unknown, fileName: string) => void;
  /** The secrets and meta of calls to come, as JSON objects. */
  configure: (secrets: string, meta: string) => void;
  /** Runs the loaded function once; the request is JSON, the body as its kind says. */
  invoke: (call: number, request: string, body: string) => void;
  /** Runs what `process.nextTick` put off in microtasks; `drain` says when. */
  runTicks: () => void;
  /** A rejection that nobody handles, as JSON of an error's parts or of its text; whether the guest listens to such. */
  reject: (call: number, reason: string) => boolean;
  /** Fires a timer of a call. */
  resume: (call: number, timer: number) => void;
  /** Tells a request outward what came of it; exchange.ts outside says what news there are. */
  egress: (call: number, egress: number, news: string, text: string) => void;
  /** Forgets a call that will not be answered. */
  close: (call: number) => void;
  drain: () => string;
}

/** Makes the runtime of one isolate. */
export function start(
  limits: Limits,
  loadScript: LoadScript,
  rawHost: RawHost,
): Entries {
  const outbox = createOutbox();
  const proxies = installProxies();
  const egressErrors = createEgressErrors();
  const calls = createCalls(outbox, limits, egressErrors);
  const context = createAsyncContext();
  const timers = createTimers({
    calls,
    context,
    refuse: (callback) => refuseCallback(realm, callback),
    warn: (message, name) => emitWarning(realm, message, name),
    promises: () => realm.internal("timers/promises"),
  });
  const uncaught = createUncaught(calls);
  const ticks = createTicks({
    context,
    calls,
    failed: (call, thrown) => failUncaught({ calls, uncaught }, call, thrown),
    rejections: uncaught.rejections,
  });
  const exchanges = createExchanges(calls, egressErrors);
  const sockets = createSockets(calls, egressErrors);
  const outputs: Outputs = {};
  let secrets = "{}";
  let meta = "{}";
  let environment: Record<string, string> | undefined;
  let bundle = { fileName: "", text: () => "" };
  const host = createHost(rawHost);
  const realm: Realm = createRealm({
    loadScript,
    host,
    runtime: {
      timers,
      sockets,
      log: (level, text) => logLine(calls, level, text),
      soon: ticks.soon,
      runTicks: ticks.runNow,
      activeResources: () => activeResources(calls.current(), timers),
      onEnd: calls.onEnd,
      call: () => calls.current(),
      exit: (code) => exitCall(calls, code),
      environment: () => (environment ??= environmentOf(meta, secrets)),
      asyncContext: context,
      proxies,
      uncaught,
      console: () => console,
      outputs,
      bundle: () => bundle,
    },
  });
  const console = createConsole(calls, realm, outputs);
  installGlobals({
    calls,
    timers,
    realm,
    host,
    console,
    context,
    failed: (call, thrown) => failUncaught({ calls, uncaught }, call, thrown),
    fetch: createFetch({
      calls,
      exchanges,
      errors: egressErrors,
      realm: () => realm,
    }),
  });

  let loaded: Selected | undefined;
  /** What the call itself is for: what it throws is its answer. */
  const attempt = (call: Call, work: () => void) =>
    ticks.run(work, (thrown) => calls.failThrown(call, "threw", thrown));
  /** What comes later: nobody waits for what it throws. */
  const attemptLate = (call: Call, work: () => void) =>
    ticks.run(work, (thrown) =>
      failUncaught({ calls, uncaught }, call, thrown),
    );

  return {
    load: (id, run, fileName) => {
      const call = calls.open(id, false);
      realm.begin();
      bundle = { fileName, text: () => bundleText(run) };
      attempt(call, () =>
        evaluate({ calls, call, realm, run, fileName }, (exported) => {
          loaded = load(calls, call, exported);
        }),
      );
    },
    configure: (newSecrets, newMeta) => {
      secrets = newSecrets;
      meta = newMeta;
      environment = undefined;
    },
    invoke: (id, request, body) => {
      const call = calls.open(id, true);
      const target = loaded;
      if (!target) return;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the executor wrote it
      const head = parse(request) as RequestHead;
      attempt(call, () =>
        target.model.invoke(
          target.run,
          { head, body, secrets, meta, realm },
          createAnswer(calls, call),
        ),
      );
    },
    runTicks: ticks.runLeft,
    reject: (id, reason) => {
      calls.resume(id);
      return uncaught.reject(() => reasonOf(reason));
    },
    resume: (id, timer) => {
      const call = calls.resume(id);
      if (call) attemptLate(call, () => timers.fire(call, timer));
    },
    egress: (id, egress, news, text) => {
      const call = calls.resume(id);
      if (!call) return;
      attemptLate(call, () => {
        if (!sockets.take(call, egress, news, text))
          exchanges.take(call, egress, news, text);
      });
    },
    close: (id) => {
      const call = calls.resume(id);
      if (call) attemptLate(call, () => calls.close(call));
    },
    drain: () => (ticks.areLeft() ? ticksLeft : outbox.drain()),
  };
}

/** Connections and requests outward are sockets in Node. */
function activeResources(call: Call, timers: Timers): string[] {
  const names = timers.active();
  for (let open = call.openExchanges; open > 0; open--)
    append(names, "TCPSocketWrap");
  return names;
}

interface LoadParts {
  calls: Calls;
  call: Call;
  realm: Realm;
  run: unknown;
  fileName: string;
}

function load(
  calls: Calls,
  call: Call,
  exported: unknown,
): Selected | undefined {
  if (call.answered) return undefined;
  const selected = select(exported);
  if (!selected) {
    calls.fail(call, "invalid_export", exportWords(exported));
    return undefined;
  }
  const { name, payload } = selected.model;
  calls.outbox.post(
    `["loaded",${call.id},${quote(name)},${quote(payload)}]`,
    "",
  );
  return selected;
}

/** Runs the top level as a CommonJS module, and tells what it gave: what it returns counts before what it exports. */
function evaluate(
  { calls, call, realm, run, fileName }: LoadParts,
  ended: (exported: unknown) => void,
): void {
  const exports = {};
  const module = { exports };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the source evaluates to is called here, inside the isolate
  const body = run as (...names: unknown[]) => unknown;
  try {
    const require = (name: unknown) => realm.require(name);
    const names = [exports, require, module, fileName, "/"];
    const returned = apply(body, exports, names);
    if (typeof returned === "function") return ended(returned);
    const exported = () => ended(exportedFunction(module.exports));
    const failed = (thrown: unknown) => failLoad(calls, call, thrown);
    if (awaitTopLevel(returned, exported, failed))
      calls.outbox.post(`["awaits",${call.id}]`, "");
    else exported();
  } catch (thrown) {
    failLoad(calls, call, thrown);
  }
}

function failLoad(calls: Calls, call: Call, thrown: unknown): void {
  const isMissing =
    isObject(thrown) && "code" in thrown && thrown.code === moduleNotFoundCode;
  calls.failThrown(call, isMissing ? "module_not_found" : "threw", thrown);
}

/** `module.exports`, or what an ES module built to CommonJS has as its default. */
function exportedFunction(exports: unknown): unknown {
  if (typeof exports === "function" || !isObject(exports)) return exports;
  return "default" in exports ? exports.default : exports;
}

function exportWords(exported: unknown): string {
  if (typeof exported !== "function")
    return `export a function; found ${describe(exported)}`;
  // A proxy says what it likes of its length.
  const count = toNumber(exported.length);
  return `export a function of one to three parameters; found one of ${count}`;
}

function describe(exported: unknown): string {
  if (exported === undefined) return "nothing";
  if (exported === null) return "null";
  return typeof exported === "object" ? "an object" : `a ${typeof exported}`;
}
