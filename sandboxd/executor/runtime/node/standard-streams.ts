/** What a process reads and writes: nothing, and lines of the invocation's log. */
import type { Exports, RealmParts } from "./realm.ts";

/** A line that has no end yet is not kept longer than this. */
const maxUnendedChars = 16 * 1024;

export function standardStreams(parts: RealmParts): Exports {
  const stdout = output(parts, { fd: 1, level: "log" });
  const stderr = output(parts, { fd: 2, level: "error" });
  Object.assign(parts.runtime.outputs, { stdout, stderr });
  return { stdin: input(parts), stdout, stderr };
}

function input({ require }: RealmParts): unknown {
  const stream = make(require("stream")["Readable"], {
    read(this: { push: (chunk: null) => void }) {
      this.push(null);
    },
  });
  return Object.assign(stream, { fd: 0, isTTY: false, isRaw: false });
}

function output(
  { require, runtime }: RealmParts,
  { fd, level }: { fd: number; level: string },
): object {
  let unended = "";
  let isWaiting = false;
  const flush = () => {
    isWaiting = false;
    if (unended !== "") runtime.log(level, unended);
    unended = "";
  };
  const take = (text: string) => {
    const lines = (unended + text).split("\n");
    unended = lines.pop() ?? "";
    for (const line of lines) runtime.log(level, line);
    if (unended.length > maxUnendedChars) flush();
    // What else is written now may end the line.
    if (unended === "" || isWaiting) return;
    isWaiting = true;
    runtime.soon(flush);
  };
  const stream = make(require("stream")["Writable"], {
    decodeStrings: false,
    write(chunk: unknown, _encoding: unknown, done: () => void) {
      take(String(chunk));
      done();
    },
    // As Node's: it stays open for whoever writes next.
    destroy(_error: unknown, done: () => void) {
      done();
    },
  });
  return Object.assign(stream, { fd, _type: "pipe", _isStdio: true });
}

function make(of: unknown, options: object): object {
  return Reflect.construct(Object(of), [options]);
}
