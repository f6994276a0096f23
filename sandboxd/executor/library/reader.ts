/** Reads the library's scripts out of the executor's own file, a block of them at a time. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";

export interface LibraryIndex {
  /** In characters from the start of the packed part. */
  blocks: [start: number, length: number][];
  /** Of which block, and where in it the text lies, the code V8 made of it behind. */
  scripts: Record<
    string,
    [block: number, start: number, textBytes: number, codeBytes: number]
  >;
}

/** A script and V8's cached code for it. */
export interface LibraryScript {
  text: string;
  code: Buffer;
}

/** Longer than the index's length, the last thing in the file. */
const lengthDigits = 8;

export class LibraryReader {
  readonly #file: number;
  readonly #blocks: LibraryIndex["blocks"];
  readonly #scripts: Map<string, LibraryIndex["scripts"][string]>;
  readonly #start: number;
  readonly #unpacked = new Map<number, Buffer>();

  /** The file stays open: behind the wall its path may lead nowhere later. */
  constructor(file: string) {
    this.#file = openSync(file, "r");
    const size = fstatSync(this.#file).size;
    const indexLength = Number(this.#read(size - lengthDigits, lengthDigits));
    const indexStart = size - lengthDigits - 1 - indexLength;
    const text = Buffer.from(this.#read(indexStart, indexLength), "base64");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- pack.ts wrote it
    const index = JSON.parse(text.toString()) as LibraryIndex;
    this.#blocks = index.blocks;
    this.#scripts = new Map(Object.entries(index.scripts));
    let length = 0;
    for (const [, ofBlock] of index.blocks) length += ofBlock;
    this.#start = indexStart - 1 - length;
  }

  get names(): string[] {
    return [...this.#scripts.keys()];
  }

  script(name: string): LibraryScript | undefined {
    const place = this.#scripts.get(name);
    if (!place) return undefined;
    const [number, start, textBytes, codeBytes] = place;
    const block = this.#block(number);
    const textEnd = start + textBytes;
    return {
      text: block.toString("latin1", start, textEnd),
      code: block.subarray(textEnd, textEnd + codeBytes),
    };
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Kept for as long as what runs now runs: what needs one script of a block is about to need others. */
  #block(number: number): Buffer {
    const known = this.#unpacked.get(number);
    if (known) return known;
    const [start, length] = this.#blocks[number] ?? [0, 0];
    const packed = this.#read(this.#start + start, length);
    const block = zstdDecompressSync(Buffer.from(packed, "base64"));
    if (this.#unpacked.size === 0) setImmediate(() => this.#unpacked.clear());
    this.#unpacked.set(number, block);
    return block;
  }

  #read(start: number, length: number): string {
    const bytes = Buffer.alloc(length);
    if (readSync(this.#file, bytes, 0, length, start) < length)
      throw new Error("the library is cut short");
    return bytes.toString("latin1");
  }
}
