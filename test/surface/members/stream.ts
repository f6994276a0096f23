import * as stream from "node:stream";
import { event, member, textOf, thrown, told, type Surface } from "../check.ts";
import { readableChecks } from "../stream/readables.ts";
import { writableChecks } from "../stream/writables.ts";

const { PassThrough, Readable, Transform, Writable } = stream;

function refuse(message: string): never {
  throw new Error(message);
}

function upper(): stream.Transform {
  return new Transform({
    transform(chunk, _encoding, callback) {
      callback(null, String(chunk).toUpperCase());
    },
    flush(callback) {
      this.push("!");
      callback();
    },
  });
}

export const surface: Surface = {
  module: "stream",
  checks: {
    ...readableChecks(),
    ...writableChecks(),
    ...functions(),
    Transform: async () => {
      class Doubling extends Transform {
        override _transform(
          chunk: Buffer,
          _encoding: string,
          callback: stream.TransformCallback,
        ): void {
          this.push(chunk);
          callback(null, chunk);
        }
      }
      const failing = new Transform({
        transform: (_chunk, _encoding, callback) => callback(new Error("no")),
      });
      const failed = event(failing, "error");
      failing.write("x");
      return [
        await textOf(Readable.from(["a", "b"]).pipe(new Doubling())),
        await textOf(Readable.from(["a"]).pipe(upper())),
        (await failed).map(told),
      ];
    },
    PassThrough: async () => {
      const through = new PassThrough();
      through.write("a");
      through.end("b");
      return [await textOf(through), through instanceof Transform];
    },
    Stream: () => {
      const old = new stream.Stream();
      return [
        old instanceof stream.Stream,
        new Readable() instanceof stream.Stream,
        stream.Stream === Reflect.get(stream, "default"),
      ];
    },
    "Stream#pipe": async () => {
      const old = new stream.Stream();
      const target = new PassThrough();
      member(old, "pipe")(target);
      old.emit("data", "from an old stream");
      old.emit("end");
      return textOf(target);
    },
    "Stream#eventNames": () => {
      const old = new stream.Stream();
      old.on("x", () => undefined);
      return old.eventNames();
    },
    _isArrayBufferView: () => [
      member(stream, "_isArrayBufferView")(new DataView(new ArrayBuffer(1))),
      member(stream, "_isArrayBufferView")([]),
    ],
    _isUint8Array: () => [
      member(stream, "_isUint8Array")(Buffer.from("")),
      member(stream, "_isUint8Array")(new Uint16Array(1)),
    ],
    _uint8ArrayToBuffer: () => {
      const made = member(stream, "_uint8ArrayToBuffer")(new Uint8Array([1]));
      return [Buffer.isBuffer(made), made];
    },
  },
};

function functions(): Surface["checks"] {
  return {
    isDestroyed: () => [
      member(stream, "isDestroyed")(new Readable().destroy()),
      member(stream, "isDestroyed")(new Readable()),
    ],
    isDisturbed: () => {
      const read = Readable.from(["a"]);
      const before: unknown = member(stream, "isDisturbed")(read);
      read.read();
      return [before, member(stream, "isDisturbed")(read)];
    },
    isErrored: () => {
      const bad = new Readable();
      bad.on("error", () => undefined).destroy(new Error("bad"));
      return [stream.isErrored(bad), stream.isErrored(new Readable())];
    },
    isReadable: () => [
      stream.isReadable(new Readable()),
      stream.isReadable(new Readable().destroy()),
      stream.isReadable(new PassThrough()),
    ],
    isWritable: () => [
      member(stream, "isWritable")(new Writable()),
      member(stream, "isWritable")(new Writable().destroy()),
      member(stream, "isWritable")(new Readable()),
    ],
    duplexPair: async () => {
      const [a, b] = stream.duplexPair();
      const [atA, atB] = [event(a, "data"), event(b, "data")];
      a.write("to b");
      b.write("to a");
      return [String(await atA), String(await atB)];
    },
    pipeline: async () => {
      const target = new PassThrough();
      const done = new Promise((resolve) => {
        stream.pipeline(Readable.from(["a", "b"]), upper(), target, (error) =>
          resolve(told(error)),
        );
      });
      const failed = new Promise((resolve) => {
        stream.pipeline(
          Readable.from(["a"]),
          async function* (source) {
            for await (const chunk of source)
              yield chunk === "a" ? refuse("in between") : chunk;
          },
          new PassThrough(),
          (error) => resolve(told(error)),
        );
      });
      return [await textOf(target), await done, await failed];
    },
    addAbortSignal: async () => {
      const controller = new AbortController();
      const read = stream.addAbortSignal(controller.signal, new Readable());
      const failed = event(read, "error");
      controller.abort();
      return [(await failed).map(told), read.destroyed];
    },
    finished: async () => {
      const over = (each: stream.Stream) =>
        new Promise((resolve) => {
          member(stream, "finished")(each, (error: unknown) =>
            resolve(told(error)),
          );
        });
      const read = Readable.from(["a"]);
      const ended = over(read);
      read.resume();
      const cut = new Readable({ read: () => undefined });
      const early = over(cut);
      cut.destroy();
      return [await ended, await early];
    },
    destroy: async () => {
      const read = new Readable();
      const failed = event(read, "error");
      member(stream, "destroy")(read, new Error("why"));
      return [(await failed).map(told), read.destroyed];
    },
    compose: async () => {
      const composed = member(stream, "compose")(upper(), new PassThrough());
      composed.end("abc");
      return textOf(composed);
    },
    setDefaultHighWaterMark: () => {
      const before = stream.getDefaultHighWaterMark(false);
      stream.setDefaultHighWaterMark(false, 1234);
      const { readableHighWaterMark } = new Readable();
      stream.setDefaultHighWaterMark(false, before);
      return [
        readableHighWaterMark,
        new Readable().readableHighWaterMark === before,
        thrown(() => stream.setDefaultHighWaterMark(false, -1)),
      ];
    },
    getDefaultHighWaterMark: () => [
      stream.getDefaultHighWaterMark(false),
      stream.getDefaultHighWaterMark(true),
    ],
    promises: async () => {
      const target = new PassThrough();
      await stream.promises.pipeline(Readable.from(["a"]), target);
      return textOf(target);
    },
  };
}
