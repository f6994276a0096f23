/** Reads the library's scripts out of the executor's own file, one by one. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";

/** Where a script's text and the code V8 made of it lie, in characters from the start of the packed part. */
export type LibraryIndex = Record<
  string,
  [textStart: number, textLength: number, codeStart: number, codeLength: number]
>;

/** A script and V8's cached code for it. */
export interface LibraryScript {
  text: string;
  code: Buffer;
}

/** Longer than the index's length, the last thing in the file. */
const lengthDigits = 8;

export class LibraryReader {
  readonly #file: number;
  readonly #index = new Map<string, LibraryIndex[string]>();
  readonly #start: number;

  /** The file stays open: behind the wall its path may lead nowhere later. */
  constructor(file: string) {
    this.#file = openSync(file, "r");
    const size = fstatSync(this.#file).size;
    const indexLength = Number(this.#read(size - lengthDigits, lengthDigits));
    const indexStart = size - lengthDigits - 1 - indexLength;
    const text = Buffer.from(this.#read(indexStart, indexLength), "base64");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- pack.ts wrote it
    const index = JSON.parse(text.toString()) as LibraryIndex;
    let length = 0;
    for (const [name, place] of Object.entries(index)) {
      this.#index.set(name, place);
      length += place[1] + place[3];
    }
    this.#start = indexStart - 1 - length;
  }

  script(name: string): LibraryScript | undefined {
    const place = this.#index.get(name);
    if (!place) return undefined;
    const [textStart, textLength, codeStart, codeLength] = place;
    return {
      text: this.#unpack(textStart, textLength).toString("latin1"),
      code: this.#unpack(codeStart, codeLength),
    };
  }

  close(): void {
    closeSync(this.#file);
  }

  #unpack(start: number, length: number): Buffer {
    const text = this.#read(this.#start + start, length);
    return zstdDecompressSync(Buffer.from(text, "base64"));
  }

  #read(start: number, length: number): string {
    const bytes = Buffer.alloc(length);
    if (readSync(this.#file, bytes, 0, length, start) < length)
      throw new Error("the library is cut short");
    return bytes.toString("latin1");
  }
}
