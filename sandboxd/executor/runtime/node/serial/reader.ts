/** Values read from V8's format. What is written there may be anything: it makes a value, or fails. */
import { textOfCharCodes } from "../../intrinsics.ts";
import { bufferLength, works } from "../cloning/kinds.ts";
import { BytesIn } from "./bytes-in.ts";
import {
  errorKinds,
  errorTags,
  latestVersion,
  regExpFlags,
  tags,
  versionMark,
  viewKinds,
} from "./tags.ts";

export interface ReaderParts {
  readHostObject: () => object | undefined;
}

const flaggedViews = 14;
const charsAtOnce = 4096;

export class Reader {
  readonly input: BytesIn;
  version = 0;
  readonly #parts: ReaderParts;
  readonly #objects = new Map<number, unknown>();
  readonly #transferred = new Map<number, object>();
  #nextId = 0;

  constructor(bytes: Uint8Array, parts: ReaderParts) {
    this.input = new BytesIn(bytes);
    this.#parts = parts;
  }

  header(): void {
    if (this.input.peek() === versionMark) {
      this.input.byte();
      this.version = this.input.varint() ?? 0;
    }
    if (this.version === 0 || this.version > latestVersion)
      throw new Error(
        "Unable to deserialize cloned data due to invalid or unsupported version.",
      );
  }

  transfer(id: number, buffer: object): void {
    this.#transferred.set(id, buffer);
  }

  read(): unknown {
    const value = this.#value();
    // A view follows its buffer.
    if (works(bufferLength, value) && this.#peek() === tags.view) {
      this.#tag();
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its slot was tested
      return this.#view(value as ArrayBuffer);
    }
    return value;
  }

  #value(): unknown {
    const tag = this.#tag();
    switch (tag) {
      case tags.verifyObjectCount:
        this.#count();
        return this.read();
      case tags.undefined:
        return undefined;
      case tags.null:
        return null;
      case tags.true:
        return true;
      case tags.false:
        return false;
      case tags.int32: {
        const bits = this.#count();
        return (bits >>> 1) ^ -(bits & 1);
      }
      case tags.uint32:
        return this.#count();
      case tags.double:
        return this.#double();
      case tags.bigInt:
        return this.#bigInt();
      case tags.utf8:
      case tags.oneByte:
      case tags.twoByte:
        return this.#chars(tag);
      case tags.reference:
        return this.#known(this.#count());
      default:
        return this.#object(tag);
    }
  }

  #object(tag: number): unknown {
    const id = this.#nextId++;
    const keep = <Made>(made: Made): Made => {
      this.#objects.set(id, made);
      return made;
    };
    switch (tag) {
      case tags.object: {
        const made = keep({});
        if (this.#properties(made, tags.objectEnd) !== this.#count()) fail();
        return made;
      }
      case tags.dense:
        return this.#dense(keep([]));
      case tags.sparse: {
        const made: unknown[] = keep([]);
        made.length = this.#count();
        this.#arrayEnd(made, tags.sparseEnd, made.length);
        return made;
      }
      case tags.date:
        return keep(new Date(this.#double()));
      case tags.trueObject:
        return keep(Object(true));
      case tags.falseObject:
        return keep(Object(false));
      case tags.numberObject:
        return keep(Object(this.#double()));
      case tags.bigIntObject:
        return keep(Object(this.#bigInt()));
      case tags.stringObject:
        return keep(Object(this.#text()));
      case tags.regExp:
        return keep(this.#regExp());
      case tags.map: {
        const made = keep(new Map<unknown, unknown>());
        const items = this.#items(tags.mapEnd, 2, ([key, item]) =>
          made.set(key, item),
        );
        if (this.#count() !== items) fail();
        return made;
      }
      case tags.set: {
        const made = keep(new Set<unknown>());
        const items = this.#items(tags.setEnd, 1, ([item]) => made.add(item));
        if (this.#count() !== items) fail();
        return made;
      }
      case tags.buffer:
        return keep(this.#raw(this.#count()).slice().buffer);
      case tags.transferred:
        return keep(this.#transferred.get(this.#count()) ?? fail());
      case tags.hostObject:
        return keep(this.#parts.readHostObject() ?? fail());
      case tags.error:
        return keep(this.#error());
      default:
        return fail();
    }
  }

  #dense(made: unknown[]): unknown[] {
    const length = this.#count();
    if (length > this.input.left) fail();
    made.length = length;
    for (let at = 0; at < length; at++)
      if (this.#peek() === tags.hole) this.#tag();
      else define(made, at, this.read());
    this.#arrayEnd(made, tags.denseEnd, length);
    return made;
  }

  #arrayEnd(made: unknown[], end: number, length: number): void {
    const count = this.#properties(made, end);
    if (count !== this.#count() || length !== this.#count()) fail();
  }

  #properties(made: object, end: number): number {
    return (
      this.#items(end, 2, ([key, value]) => {
        if (typeof key !== "string" && typeof key !== "number") fail();
        define(made, key, value);
      }) / 2
    );
  }

  /** Takes what is there until the mark, so many at a time; gives their number. */
  #items(end: number, each: 1 | 2, take: (items: unknown[]) => void): number {
    let count = 0;
    while (this.#peek() !== end) {
      const items = [this.read()];
      if (each === 2) items.push(this.read());
      take(items);
      count += each;
    }
    this.#tag();
    return count;
  }

  #regExp(): RegExp {
    const source = this.#text();
    const bits = this.#count();
    const flags = regExpFlags.filter((_flag, at) => (bits >> at) & 1);
    if (bits >= 1 << regExpFlags.length || flags.includes("")) fail();
    return new RegExp(source, flags.join(""));
  }

  #error(): Error {
    let name = "";
    const found: [name: string, value: unknown][] = [];
    for (let tag = this.#byte(); tag !== errorTags.end; tag = this.#byte()) {
      const kind = errorKinds.find(([, known]) => known === tag);
      if (kind) [name] = kind;
      else if (tag === errorTags.message) found.push(["message", this.#text()]);
      else if (tag === errorTags.stack) found.push(["stack", this.#text()]);
      else if (tag === errorTags.cause) found.push(["cause", this.read()]);
      else fail();
    }
    const made: Error = Reflect.construct(errorClass(name), []);
    Object.defineProperty(made, "stack", { value: undefined });
    for (const [key, value] of found)
      Object.defineProperty(made, key, {
        value,
        writable: true,
        configurable: true,
      });
    return made;
  }

  #view(buffer: ArrayBuffer): object {
    const tag = this.#byte();
    const offset = this.#count();
    const bytes = this.#count();
    if (this.version >= flaggedViews) this.#count();
    const kind = viewKinds.find(([, known]) => known === tag);
    if (!kind || offset + bytes > buffer.byteLength) return fail();
    const made: unknown = Reflect.get(globalThis, kind[0]);
    if (typeof made !== "function") return fail();
    const size = Number(Reflect.get(made, "BYTES_PER_ELEMENT") ?? 1);
    if (offset % size !== 0 || bytes % size !== 0) fail();
    const id = this.#nextId++;
    const view: object = Reflect.construct(made, [
      buffer,
      offset,
      bytes / size,
    ]);
    this.#objects.set(id, view);
    return view;
  }

  #bigInt(): bigint {
    const bits = this.#count();
    const digits = this.#raw(bits >>> 1);
    let value = 0n;
    for (let at = digits.length - 1; at >= 0; at--)
      value = (value << 8n) | BigInt(digits[at] ?? 0);
    return bits & 1 ? -value : value;
  }

  #text(): string {
    const text = this.read();
    return typeof text === "string" ? text : fail();
  }

  #chars(tag: number): string {
    const length = this.#count();
    const bytes = this.#raw(length);
    if (tag === tags.utf8) return new TextDecoder().decode(bytes);
    if (tag === tags.twoByte && length % 2 === 1) fail();
    const codes =
      tag === tags.twoByte ? new Uint16Array(bytes.slice().buffer) : bytes;
    let text = "";
    for (let at = 0; at < codes.length; at += charsAtOnce)
      text += textOfCharCodes(codes.subarray(at, at + charsAtOnce));
    return text;
  }

  #known(id: number): unknown {
    return this.#objects.has(id) ? this.#objects.get(id) : fail();
  }

  #peek(): number | undefined {
    while (this.input.peek() === tags.padding) this.input.byte();
    return this.input.peek();
  }

  #tag(): number {
    this.#peek();
    return this.#byte();
  }

  #byte(): number {
    return this.input.byte() ?? fail();
  }

  #count(): number {
    return this.input.varint() ?? fail();
  }

  #double(): number {
    return this.input.double() ?? fail();
  }

  #raw(length: number): Uint8Array {
    return this.input.raw(length) ?? fail();
  }
}

function errorClass(name: string): ErrorConstructor {
  const made: unknown = name === "" ? Error : Reflect.get(globalThis, name);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- errorKinds names nothing else
  return made as ErrorConstructor;
}

function define(made: object, key: string | number, value: unknown): void {
  Object.defineProperty(made, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

function fail(): never {
  throw new Error("Unable to deserialize cloned data.");
}
