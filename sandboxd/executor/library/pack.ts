/**
 * The library as text behind a program in the same file: the last line is a comment with all scripts and the code V8 made of
 * them. Those that are needed together are compressed together, so that a process reads what it needs and holds none of it.
 */
import { execFile } from "node:child_process";
import { text } from "node:stream/consumers";
import { zstdCompressSync } from "node:zlib";
import ivm from "isolated-vm";
import { executorNodeFlags } from "../../executor-flags.ts";
import type { LibraryIndex } from "./reader.ts";
import { warmUp } from "./warm-up.ts";

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

async function pack(scripts: ReadonlyMap<string, string>): Promise<string> {
  const { codes, steps } = await warmUp(scripts);
  const isolate = new ivm.Isolate({ memoryLimit: 512 });
  const index: LibraryIndex = { blocks: [], scripts: {} };
  const pieces: string[] = [];
  let at = 0;
  const add = (names: readonly string[]): void => {
    const parts: Uint8Array[] = [];
    let start = 0;
    for (const name of names) {
      const source = Buffer.from(scripts.get(name) ?? "", "latin1");
      const code = codes.get(name) ?? codeOf(isolate, name, source);
      const { length } = index.blocks;
      index.scripts[name] = [length, start, source.length, code.length];
      parts.push(source, code);
      start += source.length + code.length;
    }
    const packed = zstdCompressSync(Buffer.concat(parts)).toString("base64");
    index.blocks.push([at, packed.length]);
    pieces.push(packed);
    at += packed.length;
  };
  for (const names of steps) if (names.length > 0) add(names);
  for (const name of scripts.keys()) if (!(name in index.scripts)) add([name]);
  isolate.dispose();
  const head = Buffer.from(JSON.stringify(index)).toString("base64");
  return `\n//${pieces.join("")}.${head}.${String(head.length).padStart(8, "0")}`;
}

/** Of a script that has not run: with next to no function of it. */
function codeOf(isolate: ivm.Isolate, name: string, source: Buffer): Buffer {
  const script = isolate.compileScriptSync(source.toString("latin1"), {
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
  const packed = await pack(new Map(scripts as [string, string][]));
  process.stdout.write(packed);
}
