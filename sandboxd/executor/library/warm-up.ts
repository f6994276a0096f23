/**
 * V8's code for a script holds the functions that it has compiled, and at first that is hardly any. So the runtime and what
 * most programs use of the library run once at build time, in a context of the building Node; what they came to compile is in
 * the code from then on, and no isolate compiles it again.
 */
import { createContext, Script, type Context } from "node:vm";
import { createHostCalls } from "../host/host-calls.ts";
import { readDrained, type GuestItem } from "../bridge.ts";
import type { Entries } from "../runtime/bootstrap.ts";
import type { Limits } from "../runtime/calls.ts";
import { ticksLeft } from "../runtime/ticks.ts";
import { newContextPrefix } from "../runtime/node/new-context-prefix.ts";
import { runtimeName } from "./runtime-name.ts";
import { stepCount, stepsSource } from "./warm-up-steps.ts";

export interface WarmScripts {
  /** V8's code by the script's name, of those that came to run. */
  codes: ReadonlyMap<string, Buffer>;
  /** Which scripts each step was the first to load. */
  steps: readonly (readonly string[])[];
}

/** Throws what a step throws. */
export async function warmUp(
  texts: ReadonlyMap<string, string>,
): Promise<WarmScripts> {
  const context = createContext({});
  const made = new Map<string, Script>();
  let step: string[] = [];
  const evaluate = (name: string, inside: Context): unknown => {
    const text = texts.get(name);
    if (text === undefined) return undefined;
    const script = new Script(text, { filename: `node:${name}` });
    if (!made.has(name)) step.push(name);
    made.set(name, script);
    return script.runInContext(inside);
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the runtime's own
  const start = evaluate(runtimeName, context) as Start;
  const host = createHostCalls({ heap: () => noHeap, stackAsRead: String });
  // As the wall does: what comes out is of the classes out here, what goes in of those in there.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the function below
  const copied = new Script(copyingSource).runInContext(context) as Copying;
  const entries = start(
    limits,
    (name) =>
      evaluate(
        name,
        name.startsWith(newContextPrefix) ? createContext({}) : context,
      ),
    (...parameters) => copied(host.call(...structuredClone(parameters))),
  );
  const guest = new WarmGuest(entries);
  entries.configure("{}", "{}");
  entries.load(0, wrapped(stepsSource, context), "warm-up.js");
  const steps = [step];
  for (let at = 0; at < stepCount; at++) {
    step = [];
    steps.push(step);
    await guest.run(at);
  }
  host.close();
  const codes = new Map<string, Buffer>();
  for (const [name, script] of made) codes.set(name, script.createCachedData());
  return { codes, steps };
}

type Start = (
  limits: Limits,
  loadScript: (name: string) => unknown,
  host: (...parameters: unknown[]) => unknown,
) => Entries;

type Copying = (value: unknown) => unknown;

const copyingSource = `(function copied(value) {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value);
  if (Array.isArray(value)) return Array.from(value, copied);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Array.from(Object.entries(value), copied));
})`;

const limits: Limits = {
  maxResultBytes: 1024 * 1024,
  maxLogBytes: 64 * 1024,
  maxOpenHostCalls: 64,
  maxHostCalls: 1000,
  maxOpenEgress: 16,
};
const noHeap = { limit: 1, total: 1, used: 1, external: 0 };

function wrapped(source: string, context: Context): unknown {
  const names = "exports, require, module, __filename, __dirname";
  return new Script(`(function (${names}) {${source}\n})`).runInContext(
    context,
  );
}

/** The program in its context, and in the executor's place what answers it. */
class WarmGuest {
  readonly #entries: Entries;

  constructor(entries: Entries) {
    this.#entries = entries;
  }

  /** One call, until it is answered. */
  async run(step: number): Promise<void> {
    const call = step + 1;
    this.#entries.invoke(call, JSON.stringify(head), JSON.stringify({ step }));
    for (let turn = 0; turn < maxTurns; turn++) {
      // Microtasks come first.
      await new Promise(setImmediate);
      const said = this.#entries.drain();
      if (said === ticksLeft) this.#entries.runTicks();
      else if (said !== "") {
        const { items = [] } = readDrained(said) ?? {};
        for (const item of items)
          if (item.kind === "result") return;
          else this.#answer(item);
      }
    }
    throw new Error(`step ${step} of the warm-up is not answered`);
  }

  #answer(item: GuestItem): void {
    const tell = (egress: number, news: string, text: string) =>
      this.#entries.egress(item.call, egress, news, text);
    const { kind } = item;
    if (kind === "failure")
      throw new Error(`the warm-up fails: ${item.message}\n${item.stack}`);
    if (kind === "timer") this.#entries.resume(item.call, item.timer);
    if (kind === "egress") tell(item.egress, "head", answerHead);
    if (kind === "connect") tell(item.egress, "connected", place);
    if (kind === "write") tell(item.egress, "taken", "");
    if (kind === "read") tell(item.egress, "last", answerText);
  }
}

/** Longer than any step takes. */
const maxTurns = 1000;

const head = {
  id: "warm-up",
  wallMs: 60_000,
  method: "POST",
  url: "/",
  query: {},
  headers: { "content-type": "application/json" },
  rawHeaders: ["content-type", "application/json"],
  bodyKind: "json",
};
const address = "http://a.b/";
const answerHead = JSON.stringify([200, "OK", address, false, "name", "value"]);
const place = JSON.stringify({
  remoteAddress: "127.0.0.1",
  remotePort: 80,
  localPort: 1024,
  family: 4,
});
const answerText = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
