/** Checks of Writable and of Duplex. */
import * as stream from "node:stream";
import {
  called,
  event,
  member,
  textOf,
  thrown,
  told,
  type Check,
} from "../check.ts";

const { Duplex, Readable, Writable } = stream;

/** One that keeps what it is given, and takes it a turn later. */
function keeping(options: stream.WritableOptions = {}) {
  const seen: unknown[] = [];
  const made = new Writable({
    highWaterMark: 4,
    write(chunk, encoding, callback) {
      seen.push([String(chunk), encoding]);
      setImmediate(callback);
    },
    ...options,
  });
  return { made, seen };
}

function both(options: stream.DuplexOptions = {}) {
  const seen: string[] = [];
  const made = new Duplex({
    read: () => undefined,
    write(chunk, _encoding, callback) {
      seen.push(String(chunk));
      setImmediate(callback);
    },
    readableHighWaterMark: 3,
    writableHighWaterMark: 4,
    ...options,
  });
  return { made, seen };
}

export function writableChecks(): Record<string, Check> {
  return {
    ...writing(),
    ...state("Writable", () => keeping().made),
    ...state("Duplex", () => both().made),
    ...duplexChecks(),
  };
}

function writing(): Record<string, Check> {
  return {
    Writable: async () => {
      const { made, seen } = keeping({
        writev(chunks, callback) {
          seen.push(chunks.map(({ chunk }) => String(chunk)));
          callback();
        },
      });
      made.cork();
      made.write("a");
      made.write("b");
      made.uncork();
      made.end();
      await event(made, "finish");
      const bad = new Writable({
        write: (_chunk, _encoding, callback) => callback(new Error("no")),
      });
      bad.write("x");
      return [seen, (await event(bad, "error")).map(told)];
    },
    "Writable#pipe": async () => {
      const failed = event(keeping().made, "error");
      const { made } = keeping();
      const own = event(made, "error");
      member(made, "pipe")();
      return [(await own).map(told), failed instanceof Promise];
    },
    "Writable#write": async () => {
      const { made, seen } = keeping();
      const wants = [
        made.write("ab"),
        made.write("cd"),
        made.write("6869", "hex"),
      ];
      await event(made, "drain");
      return [
        wants,
        seen,
        thrown(() => member(made, "write")(null)),
        thrown(() => member(made, "write")(1)),
      ];
    },
    "Writable#setDefaultEncoding": async () => {
      const { made, seen } = keeping({ decodeStrings: false });
      made.setDefaultEncoding("latin1").end("a");
      await event(made, "finish");
      return [
        seen,
        thrown(() => member(made, "setDefaultEncoding")("nonsense")),
      ];
    },
    "Writable#end": async () => {
      const { made, seen } = keeping();
      const done = called((callback) => made.end("last", callback));
      const late = event(made, "error");
      made.write("late");
      return [await done, seen, (await late).map(told)];
    },
    "Writable#destroy": async () => {
      const { made } = keeping();
      const failed = event(made, "error");
      made.destroy(new Error("why"));
      return [(await failed).map(told), made.destroyed];
    },
    "Writable#closed": async () => {
      const { made } = keeping();
      const before = made.closed;
      made.end();
      await event(made, "close");
      return [before, made.closed];
    },
    "Writable#errored": () => {
      const { made } = keeping();
      made.on("error", () => undefined).destroy(new Error("why"));
      return told(made.errored);
    },
    "Writable#writableAborted": () => {
      const { made } = keeping();
      return [
        Reflect.get(made, "writableAborted"),
        Reflect.get(made.destroy(), "writableAborted"),
      ];
    },
    "Writable.WritableState": () => {
      const made: object = Reflect.construct(
        Reflect.get(Writable, "WritableState"),
        [{ highWaterMark: 7 }, undefined, false],
      );
      return [Reflect.get(made, "highWaterMark"), member(made, "getBuffer")()];
    },
    "Writable.fromWeb": async () => {
      const seen: string[] = [];
      const made = Writable.fromWeb(
        new WritableStream({
          write(chunk) {
            seen.push(String(Buffer.from(chunk)));
          },
        }),
      );
      made.end("to the web");
      await event(made, "finish");
      return seen;
    },
    "Writable.toWeb": async () => {
      const { made, seen } = keeping();
      const writer = Writable.toWeb(made).getWriter();
      await writer.write("from the web");
      await writer.close();
      return [seen, made.writableFinished];
    },
  };
}

/** What both have, each as accessors of its own. */
function state(
  name: "Writable" | "Duplex",
  make: () => stream.Writable,
): Record<string, Check> {
  return {
    [`${name}#writable`]: () => {
      const made = make();
      return [made.writable, made.end().writable];
    },
    [`${name}#cork`]: () => {
      const made = make();
      made.cork();
      made.write("a");
      return [made.writableCorked, made.writableLength];
    },
    [`${name}#uncork`]: async () => {
      const made = make();
      made.cork();
      made.write("a");
      made.uncork();
      made.end();
      await event(made, "finish");
      return made.writableLength;
    },
    [`${name}#writableFinished`]: async () => {
      const made = make();
      made.end("a");
      const before = made.writableFinished;
      await event(made, "finish");
      return [before, made.writableFinished];
    },
    [`${name}#writableObjectMode`]: () => make().writableObjectMode,
    [`${name}#writableBuffer`]: () => {
      const made = make();
      made.write("a");
      made.write("b");
      const waiting: { chunk: unknown }[] = Reflect.get(made, "writableBuffer");
      return waiting.map(({ chunk }) => String(chunk));
    },
    [`${name}#writableEnded`]: () => {
      const made = make();
      return [made.writableEnded, made.end().writableEnded];
    },
    [`${name}#writableNeedDrain`]: () => {
      const made = make();
      const before = made.writableNeedDrain;
      made.write("long enough");
      return [before, made.writableNeedDrain];
    },
    [`${name}#writableHighWaterMark`]: () => make().writableHighWaterMark,
    [`${name}#writableCorked`]: () => {
      const made = make();
      made.cork();
      made.cork();
      return made.writableCorked;
    },
    [`${name}#writableLength`]: () => {
      const made = make();
      made.write("abc");
      return made.writableLength;
    },
    [`${name}#destroyed`]: () => {
      const made = make();
      return [made.destroyed, made.destroy().destroyed];
    },
  };
}

function duplexChecks(): Record<string, Check> {
  return {
    Duplex: async () => {
      const { made, seen } = both({ allowHalfOpen: false });
      made.push("read");
      made.push(null);
      made.write("written");
      return [
        await textOf(made),
        seen,
        made.writableHighWaterMark,
        made instanceof Writable,
        made instanceof Readable,
      ];
    },
    "Duplex#write": async () => {
      const { made, seen } = both();
      const wants = [made.write("ab"), made.write("cdef")];
      await event(made, "drain");
      return [wants, seen];
    },
    "Duplex#setDefaultEncoding": () => {
      const { made } = both();
      return thrown(() => member(made, "setDefaultEncoding")("nonsense"));
    },
    "Duplex#end": async () => {
      const { made, seen } = both();
      made.end("last");
      await event(made, "finish");
      return [seen, made.readable];
    },
    "Duplex#destroy": async () => {
      const { made } = both();
      const failed = event(made, "error");
      made.destroy(new Error("why"));
      return [(await failed).map(told), made.readable, made.writable];
    },
    "Duplex.fromWeb": async () => {
      const { readable, writable } = new TransformStream();
      const made = Duplex.fromWeb({ readable, writable } as Parameters<
        typeof Duplex.fromWeb
      >[0]); // the same classes under two names
      made.end("there and back");
      return textOf(made);
    },
    "Duplex.toWeb": async () => {
      const through = new stream.PassThrough();
      const { readable, writable } = Duplex.toWeb(through);
      const writer = writable.getWriter();
      const written = writer.write(Buffer.from("there and back"));
      const { value } = await readable.getReader().read();
      await written;
      return String(Buffer.from(value));
    },
    "Duplex.from": async () => {
      const made = Duplex.from(async function* (
        source: AsyncIterable<unknown>,
      ) {
        for await (const chunk of source) yield `<${String(chunk)}>`;
      });
      made.end("a");
      return [
        await textOf(made),
        await Duplex.from(Promise.resolve("later")).toArray(),
      ];
    },
  };
}
