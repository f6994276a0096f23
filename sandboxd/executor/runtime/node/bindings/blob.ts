/** The bytes of Node's Blob: parts that never change, shared by its slices, and read one after another. */
import {
  bufferOf,
  bytesOf,
  bytesOfAny,
  cut,
  lengthOf,
  setBytes,
} from "../bytes/views.ts";
import type { Exports, RealmParts } from "../realm.ts";

/** Of one isolate; each keeps its blob until it is revoked. */
const maxObjectUrls = 1024;
/** Of one blob: a blob of a blob of a blob… has the parts of them all. */
const maxParts = 100_000;

const ended = 0;
const goesOn = 1;
/** Of what a reader hands out at once. */
const maxChunkBytes = 1024 * 1024;

type Pulled = (status: number, buffer?: ArrayBuffer) => void;

/** A range of bytes that nobody else holds. */
interface Part {
  bytes: Uint8Array;
  start: number;
  end: number;
}

class Handle {
  readonly #parts: readonly Part[];

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  static partsOf(handle: Handle): readonly Part[] {
    return handle.#parts;
  }

  static is(value: unknown): value is Handle {
    return typeof value === "object" && value !== null && #parts in value;
  }

  /** Shares the bytes. */
  slice(start: number, end: number): Handle {
    const parts: Part[] = [];
    let place = 0;
    for (const { bytes, start: from, end: to } of this.#parts) {
      const first = Math.max(start - place, 0);
      const last = Math.min(end - place, to - from);
      if (first < last)
        parts.push({ bytes, start: from + first, end: from + last });
      place += to - from;
    }
    return new Handle(parts);
  }

  getReader(): Reader {
    return new Reader(this.#parts);
  }
}

/** Gives copies: who reads may write there. */
class Reader {
  readonly #parts: readonly Part[];
  #next = 0;
  #offset = 0;

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  /** All is there at once: nobody need be woken. */
  setWakeup(): void {}

  pull(pulled: Pulled): void {
    const current = this.#parts[this.#next];
    if (!current) {
      pulled(ended);
      return;
    }
    const { bytes, start, end } = current;
    const from = start + this.#offset;
    const to = Math.min(from + maxChunkBytes, end);
    this.#offset += to - from;
    if (to === end) {
      this.#next++;
      this.#offset = 0;
    }
    pulled(goesOn, cut(bytes, from, to).buffer);
  }
}

type DataObject = [handle: unknown, length: unknown, type: unknown];

export function createBinding({ require }: RealmParts): Exports {
  const dataObjects = new Map<string, DataObject>();
  return {
    createBlob: (sources: unknown[]) => new Handle(partsIn(sources)),
    concat,
    storeDataObject: (id: string, ...object: DataObject) => {
      if (dataObjects.size >= maxObjectUrls)
        throw new RangeError(
          `more than ${maxObjectUrls} object URLs that were not revoked`,
        );
      dataObjects.set(id, object);
    },
    getDataObject: (id: string) => dataObjects.get(id),
    revokeObjectURL: (url: string) => {
      dataObjects.delete(idIn(url));
    },
    createBlobFromFilePath: (path: unknown): unknown => {
      try {
        const { readFileSync } = require("fs");
        if (typeof readFileSync !== "function") return undefined;
        const bytes = bytesOf(readFileSync(path));
        const length = lengthOf(bytes);
        const parts = [{ bytes, start: 0, end: length }];
        return [new Handle(parts), length];
      } catch {
        return undefined;
      }
    },
  };
}

function partsIn(sources: readonly unknown[]): Part[] {
  const parts: Part[] = [];
  for (const source of sources) {
    if (Handle.is(source)) parts.push(...Handle.partsOf(source));
    else {
      const bytes = bytesOf(source);
      const end = lengthOf(bytes);
      if (end > 0) parts.push({ bytes, start: 0, end });
    }
    if (parts.length > maxParts)
      throw new RangeError(`a blob of more than ${maxParts} parts`);
  }
  return parts;
}

function concat(buffers: readonly unknown[]): ArrayBuffer {
  const views = buffers.map(bytesOfAny);
  const all = new Uint8Array(
    views.reduce((sum, view) => sum + lengthOf(view), 0),
  );
  let at = 0;
  for (const view of views) {
    setBytes(all, view, at);
    at += lengthOf(view);
  }
  return bufferOf(all);
}

const urlPattern = /^blob:nodedata:([^?#]*)/;

function idIn(url: string): string {
  return urlPattern.exec(url)?.[1] ?? "";
}
