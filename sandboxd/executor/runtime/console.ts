/** console: lines of text for the invocation's log. Formatting is Node's own, taken up when the first line needs it. */
import type { Calls } from "./calls.ts";
import { apply, dictionary, now, sliceText, toText } from "./intrinsics.ts";
import type { Realm } from "./node/realm.ts";

const maxLineChars = 16 * 1024;

type Write = (...parts: unknown[]) => void;

/** The methods a guest finds on `console`. */
export type GuestConsole = Record<string, Write>;

export function createConsole(calls: Calls, realm: Realm): GuestConsole {
  const counts = dictionary<number>();
  const starts = dictionary<number>();
  let indent = "";

  const write = (level: string, parts: unknown[]) =>
    logLine(calls, level, indent + format(realm, parts));
  const elapsed = (label: string, parts: unknown[]) => {
    const start = starts[label];
    if (start === undefined) return;
    const text = `${label}: ${now() - start}ms`;
    write("info", parts.length > 0 ? [text, format(realm, parts)] : [text]);
  };

  return {
    debug: (...parts) => write("debug", parts),
    log: (...parts) => write("log", parts),
    info: (...parts) => write("info", parts),
    warn: (...parts) => write("warn", parts),
    error: (...parts) => write("error", parts),
    trace: (...parts) => write("error", [`Trace: ${format(realm, parts)}`]),
    dir: (value) => write("log", [format(realm, ["%o", value])]),
    table: (value) => write("log", [value]),
    assert: (isTrue, ...parts) => {
      if (isTrue) return;
      const text = format(realm, parts);
      write("warn", [
        text === "" ? "Assertion failed" : `Assertion failed: ${text}`,
      ]);
    },
    count: (label = "default") => {
      const name = toText(label);
      const count = (counts[name] ?? 0) + 1;
      counts[name] = count;
      write("log", [`${name}: ${count}`]);
    },
    countReset: (label = "default") => {
      delete counts[toText(label)];
    },
    time: (label = "default") => {
      starts[toText(label)] = now();
    },
    timeLog: (label = "default", ...parts) => elapsed(toText(label), parts),
    timeEnd: (label = "default") => {
      elapsed(toText(label), []);
      delete starts[toText(label)];
    },
    group: (...parts) => {
      if (parts.length > 0) write("log", parts);
      if (indent.length < 32) indent += "  ";
    },
    groupEnd: () => {
      indent = sliceText(indent, 2, indent.length);
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

function format(realm: Realm, parts: unknown[]): string {
  const first = parts[0];
  if (parts.length === 0) return "";
  if (parts.length === 1 && typeof first === "string") return first;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
  const { format: formatAll } = realm.internal("internal/util/inspect") as {
    format: () => string;
  };
  return apply(formatAll, undefined, parts);
}
