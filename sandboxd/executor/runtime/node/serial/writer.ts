/** Values written in V8's format, as V8 writes them. */
import type { Proxies } from "../../proxies.ts";
import {
  bufferLength,
  boxes,
  dateTime,
  isDetached,
  isError,
  isObject,
  mapForEach,
  mapSize,
  regExpSource,
  setForEach,
  setSize,
  viewOf,
  works,
} from "../cloning/kinds.ts";
import {
  describe,
  describeProxied,
  isUncloneable,
} from "../cloning/refusals.ts";
import { BytesOut } from "./bytes-out.ts";
import {
  errorKinds,
  errorTags,
  latestVersion,
  regExpFlags,
  tags,
  versionMark,
  viewKinds,
} from "./tags.ts";

export interface WriterParts {
  proxies: Proxies;
  /** Throws what a value that cannot be written is answered with. */
  refuse: (message: string) => never;
  writeHostObject: (value: object) => void;
}

export class Writer {
  readonly out = new BytesOut();
  /** Or as V8 would. */
  viewsAreHostObjects = false;
  readonly #parts: WriterParts;
  readonly #ids = new Map<object, number>();
  readonly #transferred = new Map<object, number>();

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  header(): void {
    this.out.byte(versionMark);
    this.out.byte(latestVersion);
  }

  transfer(id: number, buffer: object): void {
    this.#transferred.set(buffer, id);
  }

  write(value: unknown): void {
    const { out } = this;
    switch (typeof value) {
      case "undefined":
        return out.byte(tags.undefined);
      case "boolean":
        return out.byte(value ? tags.true : tags.false);
      case "number":
        return this.#number(value);
      case "bigint":
        out.byte(tags.bigInt);
        return this.#bigInt(value);
      case "string":
        return this.#text(value);
      case "symbol":
        return this.#refuse(value.toString());
      case "object":
      case "function":
        return isObject(value) ? this.#object(value) : out.byte(tags.null);
    }
  }

  #number(value: number): void {
    if (Object.is(value, -0) || value !== (value | 0)) {
      this.out.byte(tags.double);
      this.out.double(value);
      return;
    }
    this.out.byte(tags.int32);
    this.out.varint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  #bigInt(value: bigint): void {
    let rest = value < 0n ? -value : value;
    const digits: number[] = [];
    for (; rest > 0n; rest >>= 64n)
      for (let shift = 0n; shift < 64n; shift += 8n)
        digits.push(Number((rest >> shift) & 0xffn));
    this.out.varint((digits.length << 1) | (value < 0n ? 1 : 0));
    this.out.raw(Uint8Array.from(digits));
  }

  #text(text: string): void {
    const { out } = this;
    const isOneByte = !/[^\0-\xff]/.test(text);
    const length = isOneByte ? text.length : text.length * 2;
    // Chars of two bytes begin at an even place.
    if (!isOneByte && (out.length + 1 + varintBytes(length)) % 2 === 1)
      out.byte(tags.padding);
    out.byte(isOneByte ? tags.oneByte : tags.twoByte);
    out.varint(length);
    out.chars(text, isOneByte ? 1 : 2);
  }

  #object(value: object): void {
    const { out } = this;
    const known = this.#ids.get(value);
    const isView = ArrayBuffer.isView(value) && !this.viewsAreHostObjects;
    // Before a view comes its buffer, or where that was.
    if (known === undefined && isView) this.#object(viewOf(value).buffer);
    if (known !== undefined) {
      out.byte(tags.reference);
      out.varint(known);
      return;
    }
    this.#ids.set(value, this.#ids.size);
    const proxied = this.#parts.proxies.detailsOf(value);
    if (proxied) this.#refuse(describeProxied(proxied.target));
    if (typeof value === "function")
      this.#refuse(Function.prototype.toString.call(value));
    if (Array.isArray(value)) this.#array(value);
    else if (ArrayBuffer.isView(value)) this.#view(value);
    else if (!this.#builtIn(value)) this.#plain(value);
  }

  #plain(value: object): void {
    if (isUncloneable(value)) this.#refuse(describe(value));
    this.out.byte(tags.object);
    const count = this.#properties(value, Object.keys(value));
    this.out.byte(tags.objectEnd);
    this.out.varint(count);
  }

  /** How many there were: a getter may have removed some. */
  #properties(value: object, keys: readonly string[]): number {
    let count = 0;
    for (const key of keys) {
      if (!Object.hasOwn(value, key)) continue;
      this.write(isIndex(key) ? Number(key) : key);
      this.write(Reflect.get(value, key));
      count++;
    }
    return count;
  }

  #array(list: readonly unknown[]): void {
    const { out } = this;
    const { length } = list;
    const keys = Object.keys(list);
    const others = keys.filter((key) => !isIndex(key));
    const isDense = keys.length - others.length === length;
    out.byte(isDense ? tags.dense : tags.sparse);
    out.varint(length);
    if (isDense)
      for (let at = 0; at < length; at++)
        if (Object.hasOwn(list, at)) this.write(list[at]);
        else out.byte(tags.hole);
    const count = this.#properties(list, isDense ? others : keys);
    out.byte(isDense ? tags.denseEnd : tags.sparseEnd);
    out.varint(count);
    out.varint(length);
  }

  #view(value: ArrayBufferView): void {
    if (this.viewsAreHostObjects) {
      this.out.byte(tags.hostObject);
      this.#parts.writeHostObject(value);
      return;
    }
    const { create, offset } = viewOf(value);
    const [, kind = 0] = viewKinds.find(([name]) => name === create.name) ?? [];
    this.out.byte(tags.view);
    this.out.byte(kind);
    this.out.varint(offset);
    this.out.varint(value.byteLength);
    // Neither of a buffer that is resized, nor as long as that is.
    this.out.varint(0);
  }

  /** false for an object of no kind of the language. */
  #builtIn(value: object): boolean {
    const { out } = this;
    if (works(dateTime, value)) {
      out.byte(tags.date);
      out.double(Number(Reflect.apply(dateTime, value, [])));
    } else if (value !== RegExp.prototype && works(regExpSource, value))
      this.#regExp(value);
    else if (works(mapSize, value)) this.#map(value);
    else if (works(setSize, value)) this.#set(value);
    else if (works(bufferLength, value)) this.#buffer(value);
    else if (isError(value)) this.#error(value);
    else return this.#box(value);
    return true;
  }

  #box(value: object): boolean {
    const valueOf = boxes.find((test) => works(test, value));
    if (!valueOf) return false;
    const { out } = this;
    const primitive: unknown = Reflect.apply(valueOf, value, []);
    if (typeof primitive === "boolean")
      out.byte(primitive ? tags.trueObject : tags.falseObject);
    else if (typeof primitive === "number") {
      out.byte(tags.numberObject);
      out.double(primitive);
    } else if (typeof primitive === "bigint") {
      out.byte(tags.bigIntObject);
      this.#bigInt(primitive);
    } else {
      out.byte(tags.stringObject);
      this.#text(String(primitive));
    }
    return true;
  }

  #regExp(value: object): void {
    this.out.byte(tags.regExp);
    this.#text(String(Reflect.apply(regExpSource, value, [])));
    let bits = 0;
    for (const flag of String(Reflect.get(value, "flags")))
      bits |= 1 << regExpFlags.indexOf(flag);
    this.out.varint(bits);
  }

  #map(map: object): void {
    const items: unknown[] = [];
    mapForEach.call(map, (item, key) => void items.push(key, item));
    this.#items(items, tags.map, tags.mapEnd);
  }

  #set(set: object): void {
    const items: unknown[] = [];
    setForEach.call(set, (item) => void items.push(item));
    this.#items(items, tags.set, tags.setEnd);
  }

  #items(items: readonly unknown[], begin: number, end: number): void {
    this.out.byte(begin);
    for (const item of items) this.write(item);
    this.out.byte(end);
    this.out.varint(items.length);
  }

  #buffer(buffer: object): void {
    const { out } = this;
    const id = this.#transferred.get(buffer);
    if (id !== undefined) {
      out.byte(tags.transferred);
      out.varint(id);
      return;
    }
    if (isDetached(buffer))
      this.#parts.refuse("An ArrayBuffer is detached and could not be cloned.");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its slot was tested
    const bytes = new Uint8Array(buffer as ArrayBuffer);
    out.byte(tags.buffer);
    out.varint(bytes.length);
    out.raw(bytes);
  }

  #error(error: object): void {
    const { out } = this;
    const name = String(Reflect.get(error, "name"));
    const kind = errorKinds.find(([known]) => known === name);
    out.byte(tags.error);
    if (kind) out.byte(kind[1]);
    const message = Object.getOwnPropertyDescriptor(error, "message");
    if (message && "value" in message) {
      out.byte(errorTags.message);
      this.#text(String(message.value));
    }
    const stack: unknown = Reflect.get(error, "stack");
    if (typeof stack === "string") {
      out.byte(errorTags.stack);
      this.#text(stack);
    }
    if (Object.hasOwn(error, "cause")) {
      out.byte(errorTags.cause);
      this.write(Reflect.get(error, "cause"));
    }
    out.byte(errorTags.end);
  }

  #refuse(what: string): never {
    return this.#parts.refuse(`${what} could not be cloned.`);
  }
}

const maxIndex = 2 ** 32 - 2;

/** Of an array, which V8 writes as a number. */
function isIndex(key: string): boolean {
  const index = Number(key);
  return (
    index >= 0 && index <= maxIndex && String(index) === key && index % 1 === 0
  );
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}
