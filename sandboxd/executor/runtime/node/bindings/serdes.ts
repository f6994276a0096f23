/** V8's format of values: an isolate can reach neither V8's writer nor its reader, so both are ours. */
import { bufferLength, isObject, viewOf, works } from "../cloning/kinds.ts";
import type { Exports, RealmParts } from "../realm.ts";
import { Reader } from "../serial/reader.ts";
import { Writer } from "../serial/writer.ts";

export function createBinding({ require, runtime }: RealmParts): Exports {
  const writers = new WeakMap<object, Writer>();
  const readers = new WeakMap<object, Reader>();
  const writerOf = (value: object) => writers.get(value) ?? illegal();
  const readerOf = (value: object) => readers.get(value) ?? illegal();

  function Serializer(this: object): void {
    if (!new.target) throw withoutNew("Serializer");
    const refuse = (message: string): never => {
      const create: unknown = Reflect.get(this, "_getDataCloneError");
      throw typeof create === "function"
        ? create.call(this, message)
        : new Error(message);
    };
    const writeHostObject = (value: object) => {
      const write: unknown = Reflect.get(this, "_writeHostObject");
      if (typeof write === "function") write.call(this, value);
      else
        refuse(`${Object.prototype.toString.call(value)} could not be cloned.`);
    };
    const { proxies } = runtime;
    writers.set(this, new Writer({ proxies, refuse, writeHostObject }));
  }
  Object.assign(Serializer.prototype, {
    writeHeader(this: object) {
      writerOf(this).header();
    },
    writeValue(this: object, value: unknown) {
      writerOf(this).write(value);
      return true;
    },
    releaseBuffer(this: object) {
      const FastBuffer = require("internal/buffer")["FastBuffer"];
      const { buffer } = writerOf(this).out.take();
      return Reflect.construct(Object(FastBuffer), [buffer]);
    },
    transferArrayBuffer(this: object, id: unknown, buffer: unknown) {
      if (!isObject(buffer) || !works(bufferLength, buffer))
        throw invalid("arrayBuffer must be an ArrayBuffer");
      writerOf(this).transfer(Number(id) >>> 0, buffer);
    },
    writeUint32(this: object, value: unknown) {
      writerOf(this).out.varint(Number(value) >>> 0);
    },
    writeUint64(this: object, high: unknown, low: unknown) {
      const bits =
        (BigInt(Number(high) >>> 0) << 32n) | BigInt(Number(low) >>> 0);
      writerOf(this).out.varint(bits);
    },
    writeDouble(this: object, value: unknown) {
      writerOf(this).out.double(Number(value));
    },
    writeRawBytes(this: object, source: unknown) {
      writerOf(this).out.raw(bytesOf(source, "source"));
    },
    _setTreatArrayBufferViewsAsHostObjects(this: object, isSo: unknown) {
      writerOf(this).viewsAreHostObjects = Boolean(isSo);
    },
  });

  function Deserializer(this: object, buffer: unknown): void {
    if (!new.target) throw withoutNew("Deserializer");
    const bytes = bytesOf(buffer, "buffer");
    Object.assign(this, { buffer });
    const readHostObject = () => {
      const read: unknown = Reflect.get(this, "_readHostObject");
      const made: unknown = typeof read === "function" ? read.call(this) : null;
      return isObject(made) ? made : undefined;
    };
    readers.set(this, new Reader(bytes, { readHostObject }));
  }
  Object.assign(Deserializer.prototype, {
    readHeader(this: object) {
      readerOf(this).header();
      return true;
    },
    readValue(this: object) {
      return readerOf(this).read();
    },
    getWireFormatVersion(this: object) {
      return readerOf(this).version;
    },
    transferArrayBuffer(this: object, id: unknown, buffer: unknown) {
      if (!isObject(buffer) || !works(bufferLength, buffer))
        throw invalid(
          "arrayBuffer must be an ArrayBuffer or SharedArrayBuffer",
        );
      readerOf(this).transfer(Number(id) >>> 0, buffer);
    },
    readUint32(this: object) {
      const value = readerOf(this).input.varint();
      if (value === undefined) throw new Error("ReadUint32() failed");
      return value;
    },
    readUint64(this: object) {
      const value = readerOf(this).input.longVarint();
      if (value === undefined) throw new Error("ReadUint64() failed");
      return [Number(value >> 32n), Number(value & 0xffffffffn)];
    },
    readDouble(this: object) {
      const value = readerOf(this).input.double();
      if (value === undefined) throw new Error("ReadDouble() failed");
      return value;
    },
    _readRawBytes(this: object, length: unknown) {
      const { input } = readerOf(this);
      const { at } = input;
      if (!input.raw(Number(length))) throw new Error("ReadRawBytes() failed");
      return at;
    },
  });
  return { Serializer, Deserializer };
}

function bytesOf(value: unknown, name: string): Uint8Array {
  if (!ArrayBuffer.isView(value))
    throw invalid(`${name} must be a TypedArray or a DataView`);
  const { buffer, offset } = viewOf(value);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a view's
  return new Uint8Array(buffer as ArrayBuffer, offset, value.byteLength);
}

function invalid(message: string): Error {
  return Object.assign(new TypeError(message), {
    code: "ERR_INVALID_ARG_TYPE",
  });
}

function withoutNew(name: string): Error {
  return Object.assign(
    new TypeError(`Class constructor ${name} cannot be invoked without 'new'`),
    { code: "ERR_CONSTRUCT_CALL_REQUIRED" },
  );
}

function illegal(): never {
  throw new TypeError("Illegal invocation");
}
