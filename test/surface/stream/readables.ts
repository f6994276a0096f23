/** Checks of Readable. */
import * as stream from "node:stream";
import {
  event,
  member,
  nextTurn,
  rejected,
  textOf,
  thrown,
  told,
  type Check,
} from "../check.ts";

const { PassThrough, Readable } = stream;

/** A readable of bytes that is given its chunks at once. */
function bytes(...chunks: string[]): stream.Readable {
  const made = new Readable({ read: () => undefined });
  for (const chunk of chunks) made.push(chunk);
  made.push(null);
  return made;
}

function numbers(): stream.Readable {
  return Readable.from([1, 2, 3, 4]);
}

const isEven = (value: number) => value % 2 === 0;

export function readableChecks(): Record<string, Check> {
  return {
    ...flowing(),
    ...state(),
    ...operators(),
    ...statics(),
    Readable: async () => {
      let asked = 0;
      const made = new Readable({
        highWaterMark: 2,
        read(size) {
          asked += 1;
          this.push(asked > 3 ? null : `${size}.`);
        },
      });
      return [
        await textOf(made),
        asked,
        thrown(() => new Readable({ highWaterMark: -1 })),
        (await event(new Readable().resume(), "error")).map(told),
      ];
    },
  };
}

function flowing(): Record<string, Check> {
  return {
    "Readable#destroy": async () => {
      const made = bytes("a");
      const failed = event(made, "error");
      const returned = made.destroy(new Error("why")) === made;
      return [(await failed).map(told), returned, made.closed];
    },
    "Readable#push": async () => {
      const made = new Readable({ read: () => undefined, highWaterMark: 3 });
      const wants = [made.push("ab"), made.push("cd"), made.push(null)];
      const late = event(made, "error");
      made.push("after the end");
      return [wants, (await late).map(told)];
    },
    "Readable#unshift": () => {
      const made = bytes("bc");
      made.unshift("a");
      return String(made.read(3));
    },
    "Readable#isPaused": () => {
      const made = bytes("a");
      return [
        made.isPaused(),
        made.pause().isPaused(),
        made.resume().isPaused(),
      ];
    },
    "Readable#setEncoding": async () => {
      const made = new Readable({ read: () => undefined }).setEncoding("utf8");
      made.push(Buffer.from([0xe2, 0x82]));
      made.push(Buffer.from([0xac]));
      made.push(null);
      const chunks = await made.toArray();
      return [chunks.join("|"), bytes("hi").setEncoding("hex").read()];
    },
    "Readable#read": () => {
      const made = bytes("abcdef");
      return [
        String(made.read(2)),
        String(made.read()),
        made.read(),
        thrown(() => made.read(2 ** 31)),
      ];
    },
    "Readable#pipe": async () => {
      const [a, b] = [new PassThrough(), new PassThrough()];
      const source = bytes("piped");
      source.pipe(a);
      const returned = source.pipe(b) === b;
      return [await textOf(a), await textOf(b), returned];
    },
    "Readable#unpipe": async () => {
      const source = new Readable({ read: () => undefined });
      const target = new PassThrough();
      source.pipe(target);
      const unpiped = event(target, "unpipe");
      source.unpipe(target);
      source.push("lost");
      await nextTurn();
      return [target.read(), (await unpiped).length];
    },
    "Readable#on": async () => {
      const made = bytes("a", "b");
      const seen: string[] = [];
      made.on("data", (chunk) => seen.push(String(chunk)));
      await event(made, "end");
      return [seen, made.readableFlowing];
    },
    "Readable#addListener": async () => {
      const made = bytes("abc");
      const seen: unknown[] = [];
      made.addListener("readable", () => {
        for (let got = made.read(2); got !== null; got = made.read(2))
          seen.push(String(got));
      });
      await event(made, "end");
      return seen;
    },
    "Readable#removeListener": async () => {
      const made = bytes("a");
      const seen: unknown[] = [];
      const see = () => seen.push("seen");
      made.on("data", see).removeListener("data", see);
      await nextTurn();
      return [seen, made.listenerCount("data")];
    },
    "Readable#off": () => {
      const made = bytes("a");
      const see = () => undefined;
      made.on("readable", see).off("readable", see);
      return [made.listenerCount("readable"), String(made.read())];
    },
    "Readable#removeAllListeners": async () => {
      const made = bytes("a");
      made.on("readable", () => undefined).removeAllListeners("readable");
      made.resume();
      await event(made, "end");
      return made.readableEnded;
    },
    "Readable#resume": async () => {
      const made = bytes("a", "b").resume();
      await event(made, "end");
      return [made.readableLength, made.readableFlowing];
    },
    "Readable#pause": async () => {
      const made = bytes("a", "b", "c");
      const seen: string[] = [];
      made.on("data", (chunk) => {
        seen.push(String(chunk));
        made.pause();
      });
      await nextTurn();
      await nextTurn();
      return [seen, made.readableFlowing];
    },
    "Readable#wrap": async () => {
      const old = new stream.Stream();
      Object.assign(old, { pause: () => undefined, resume: () => undefined });
      const made = member(new Readable(), "wrap")(old);
      old.emit("data", Buffer.from("old"));
      old.emit("end");
      return textOf(made);
    },
    "Readable#iterator": async () => {
      const made = numbers();
      for await (const value of made.iterator({ destroyOnReturn: false }))
        if (value === 2) break;
      return [made.destroyed, await made.toArray()];
    },
    "Readable#compose": () =>
      textOf(
        member(
          bytes("abc"),
          "compose",
        )(async function* (source: AsyncIterable<unknown>) {
          for await (const chunk of source) yield String(chunk).toUpperCase();
        }),
      ),
  };
}

function state(): Record<string, Check> {
  return {
    "Readable#readable": async () => {
      const made = bytes("a");
      const before = made.readable;
      await textOf(made);
      return [before, made.readable];
    },
    "Readable#readableDidRead": () => {
      const made = bytes("a");
      const before = made.readableDidRead;
      made.read();
      return [before, made.readableDidRead];
    },
    "Readable#readableAborted": async () => {
      const whole = bytes("a");
      await textOf(whole);
      return [bytes("a").destroy().readableAborted, whole.readableAborted];
    },
    "Readable#readableHighWaterMark": () => [
      new Readable().readableHighWaterMark,
      new Readable({ objectMode: true }).readableHighWaterMark,
      new Readable({ highWaterMark: 5 }).readableHighWaterMark,
    ],
    "Readable#readableBuffer": () => {
      const made: unknown[] = Reflect.get(bytes("a", "b"), "readableBuffer");
      return Array.from(made, String);
    },
    "Readable#readableFlowing": () => {
      const made = bytes("a");
      return [
        made.readableFlowing,
        made.resume().readableFlowing,
        made.pause().readableFlowing,
      ];
    },
    "Readable#readableLength": () => bytes("abc", "de").readableLength,
    "Readable#readableObjectMode": () => [
      numbers().readableObjectMode,
      bytes().readableObjectMode,
    ],
    "Readable#readableEncoding": () => [
      bytes().readableEncoding,
      bytes().setEncoding("latin1").readableEncoding,
    ],
    "Readable#errored": () => {
      const made = bytes().on("error", () => undefined);
      return [made.errored, told(made.destroy(new Error("why")).errored)];
    },
    "Readable#closed": async () => {
      const made = bytes("a");
      const before = made.closed;
      await textOf(made);
      return [before, made.closed];
    },
    "Readable#destroyed": () => {
      const made = bytes("a");
      return [made.destroyed, made.destroy().destroyed];
    },
    "Readable#readableEnded": async () => {
      const made = bytes("a");
      const before = made.readableEnded;
      await textOf(made);
      return [before, made.readableEnded];
    },
  };
}

function operators(): Record<string, Check> {
  return {
    "Readable#drop": () => numbers().drop(2).toArray(),
    "Readable#filter": () => numbers().filter(isEven).toArray(),
    "Readable#flatMap": () =>
      numbers()
        .flatMap((value: number) => [value, -value])
        .toArray(),
    "Readable#map": async () => [
      await numbers()
        .map((value: number) => value * 2, { concurrency: 2 })
        .toArray(),
      await rejected(
        numbers()
          .map(() => Promise.reject(new Error("no")))
          .toArray(),
      ),
    ],
    "Readable#take": () => numbers().take(2).toArray(),
    "Readable#every": async () => [
      await numbers().every(isEven),
      await numbers().every((value: number) => value > 0),
    ],
    "Readable#forEach": async () => {
      const seen: unknown[] = [];
      await numbers().forEach((value) => {
        seen.push(value);
      });
      return seen;
    },
    "Readable#reduce": () =>
      numbers().reduce((sum: number, value: number) => sum + value, 10),
    "Readable#toArray": () => numbers().toArray(),
    "Readable#some": () => numbers().some(isEven),
    "Readable#find": () => numbers().find(isEven),
  };
}

function statics(): Record<string, Check> {
  return {
    "Readable.ReadableState": () => {
      const State = member(Readable, "ReadableState");
      const made: object = Reflect.construct(
        Reflect.get(Readable, "ReadableState"),
        [{ highWaterMark: 7 }, undefined, false],
      );
      return [Reflect.get(made, "highWaterMark"), State.length];
    },
    "Readable.from": async () => [
      await Readable.from("whole text").toArray(),
      await Readable.from(
        (async function* () {
          yield 1;
          yield 2;
        })(),
      ).toArray(),
      await textOf(Readable.from(Buffer.from("bytes"))),
    ],
    "Readable.fromWeb": () =>
      textOf(
        Readable.fromWeb(
          new Blob(["from the web"]).stream() as Parameters<
            typeof Readable.fromWeb
          >[0], // the same class under two names
        ),
      ),
    "Readable.toWeb": async () => {
      const reader = Readable.toWeb(bytes("to the web")).getReader();
      const { value, done } = await reader.read();
      return [String(Buffer.from(value)), done, (await reader.read()).done];
    },
    "Readable.wrap": async () => {
      const old = new stream.Stream();
      Object.assign(old, { pause: () => undefined, resume: () => undefined });
      const made = member(Readable, "wrap")(old);
      old.emit("data", "old");
      old.emit("end");
      return textOf(made);
    },
  };
}
