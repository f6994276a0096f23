/** A temporary folder for one check, with two files in it. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

/** Gives the check a function that makes paths in a new folder; the folder goes when the check is over. */
export function inFolder(
  check: (at: (name: string) => string) => unknown,
): () => Promise<unknown> {
  return async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "surface-"));
    try {
      fs.writeFileSync(path.join(folder, "a.txt"), "first\nsecond\n");
      fs.mkdirSync(path.join(folder, "sub"));
      fs.writeFileSync(path.join(folder, "sub", "b.txt"), "below");
      return await check((name) => path.join(folder, name));
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  };
}

/** Of an error what does not name the folder. */
export function blamed(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return [
    error.name,
    Reflect.get(error, "code"),
    Reflect.get(error, "syscall"),
    Reflect.get(error, "errno"),
    error.message.split(",")[0]?.split(" '")[0],
  ];
}

export function blames(call: () => unknown): unknown {
  try {
    return { returned: call() };
  } catch (error) {
    return blamed(error);
  }
}

export async function blamesLater(promise: Promise<unknown>): Promise<unknown> {
  try {
    return { resolved: await promise };
  } catch (error) {
    return blamed(error);
  }
}

/** Waits for a callback; its error comes without the folder's name. */
export function calledBack(
  call: (callback: (...args: unknown[]) => void) => unknown,
): Promise<unknown[]> {
  return new Promise((resolve) => {
    call((...args) => resolve(args.map(blamed)));
  });
}

/** What of a file's Stats is the same everywhere. */
export function statOf(stats: fs.Stats | fs.BigIntStats): unknown {
  return [
    stats.isDirectory() ? "folder" : String(stats.size),
    stats.isFile(),
    stats.isSymbolicLink(),
    Number(stats.mode) & 0o7777,
  ];
}
