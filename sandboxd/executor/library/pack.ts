/**
 * The library as text behind a program in the same file: the last line is a comment with all scripts, each compressed on
 * its own with the code V8 made of it, so that a process reads the few it needs and holds none of the others.
 */
import { execFile } from "node:child_process";
import { text } from "node:stream/consumers";
import { zstdCompressSync } from "node:zlib";
import ivm from "isolated-vm";
import { executorNodeFlags } from "../../executor-flags.ts";
import type { LibraryIndex } from "./reader.ts";

/** The comment's text: a line of its own. Made by a Node started as an executor is, or V8 would not take the code. */
export async function packLibrary(
  scripts: ReadonlyMap<string, string>,
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [...executorNodeFlags, import.meta.filename],
      { maxBuffer: maxPackedBytes },
      (error, stdout) => (error ? reject(error) : resolve(stdout)),
    );
    child.stdin?.end(JSON.stringify([...scripts]));
  });
}

const maxPackedBytes = 64 * 1024 * 1024;

function pack(scripts: ReadonlyMap<string, string>): string {
  const isolate = new ivm.Isolate({ memoryLimit: 512 });
  const index: LibraryIndex = {};
  const pieces: string[] = [];
  let at = 0;
  const add = (bytes: Uint8Array): [start: number, length: number] => {
    const packed = zstdCompressSync(bytes).toString("base64");
    const place: [number, number] = [at, packed.length];
    pieces.push(packed);
    at += packed.length;
    return place;
  };
  for (const [name, source] of scripts)
    index[name] = [
      ...add(Buffer.from(source, "latin1")),
      ...add(codeOf(isolate, name, source)),
    ];
  isolate.dispose();
  const head = Buffer.from(JSON.stringify(index)).toString("base64");
  return `\n//${pieces.join("")}.${head}.${String(head.length).padStart(8, "0")}`;
}

function codeOf(isolate: ivm.Isolate, name: string, source: string): Buffer {
  const script = isolate.compileScriptSync(source, {
    filename: `node:${name}`,
    produceCachedData: true,
  });
  // A property that isolated-vm's types leave out.
  const made: unknown = Reflect.get(script, "cachedData");
  if (!(made instanceof ivm.ExternalCopy)) throw new Error("V8 made no code");
  const bytes: unknown = made.copy();
  if (!(bytes instanceof ArrayBuffer)) throw new Error("V8 made no code");
  return Buffer.from(bytes);
}

if (import.meta.main) {
  const scripts: unknown = JSON.parse(await text(process.stdin));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- packLibrary wrote it
  process.stdout.write(pack(new Map(scripts as [string, string][])));
}
