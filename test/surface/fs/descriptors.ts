/** Checks of fs on open files, in both of their forms. */
import fs from "node:fs";
import { member, type Check } from "../check.ts";
import { blames, blamesLater, inFolder, statOf } from "./folder.ts";

type Form = (name: string, ...args: unknown[]) => Promise<unknown>;
type At = (name: string) => string;
type Story = (call: Form, file: number, at: At) => Promise<unknown>;

const time = new Date(1_600_000_000_000);
const noFile = 1_000_000;

const stories: Record<string, Story> = {
  close: async (call, file, at) => {
    const other = fs.openSync(at("a.txt"), "r");
    await call("close", other);
    return [
      blames(() => fs.fstatSync(other)),
      await blamesLater(call("close", "x")),
      file > 2,
    ];
  },
  fchmod: async (call, file, at) => {
    await call("fchmod", file, 0o600);
    return fs.statSync(at("a.txt")).mode & 0o777;
  },
  fchown: async (call, file) => {
    const { uid, gid } = fs.fstatSync(file);
    return [
      await call("fchown", file, uid, gid),
      await blamesLater(call("fchown", noFile, uid, gid)),
    ];
  },
  fdatasync: async (call, file) => [
    await call("fdatasync", file),
    await blamesLater(call("fdatasync", noFile)),
  ],
  fsync: async (call, file) => [
    await call("fsync", file),
    await blamesLater(call("fsync", noFile)),
  ],
  fstat: async (call, file) => {
    const found = await call("fstat", file);
    return [
      found instanceof fs.Stats && statOf(found),
      await blamesLater(call("fstat", noFile)),
    ];
  },
  ftruncate: async (call, file, at) => {
    await call("ftruncate", file, 4);
    return fs.readFileSync(at("a.txt"), "utf8");
  },
  futimes: async (call, file, at) => {
    await call("futimes", file, time, time);
    return fs.statSync(at("a.txt")).mtimeMs;
  },
  read: async (call, file) => {
    const bytes = Buffer.alloc(5);
    return [
      await call("read", file, bytes, 0, 5, 0),
      bytes.toString(),
      await call("read", file, bytes, 1, 2, 6),
      bytes.toString(),
      await call("read", file, bytes, 0, 5, 100),
      await blamesLater(call("read", noFile, bytes, 0, 5, 0)),
    ];
  },
  readv: async (call, file) => {
    const parts = [Buffer.alloc(2), Buffer.alloc(3)];
    return [await call("readv", file, parts, 0), parts.map(String)];
  },
  write: async (call, file, at) => {
    const counts = [
      await call("write", file, Buffer.from("ABC"), 1, 2, 0),
      await call("write", file, "é", 4),
    ];
    return [counts, fs.readFileSync(at("a.txt"), "utf8")];
  },
  writev: async (call, file, at) => {
    const parts = [Buffer.from("12"), Buffer.from("345")];
    const count = await call("writev", file, parts, 1);
    return [count, fs.readFileSync(at("a.txt"), "utf8")];
  },
};

export function descriptorChecks(): Record<string, Check> {
  const withCallback: Form = (name, ...args) =>
    new Promise((resolve, reject) => {
      member(fs, name)(...args, (error: unknown, value: unknown) => {
        if (error instanceof Error) reject(error);
        else resolve(value);
      });
    });
  // A throw of the call itself becomes the promise's.
  const synchronous: Form = async (name, ...args) =>
    member(fs, `${name}Sync`)(...args);
  const checks: Record<string, Check> = {};
  for (const [name, story] of Object.entries(stories)) {
    checks[name] = onOpenFile((file, at) => story(withCallback, file, at));
    checks[`${name}Sync`] = onOpenFile((file, at) =>
      story(synchronous, file, at),
    );
  }
  return checks;
}

function onOpenFile(check: (file: number, at: At) => Promise<unknown>): Check {
  return inFolder(async (at) => {
    const file = fs.openSync(at("a.txt"), "r+");
    try {
      return await check(file, at);
    } finally {
      fs.closeSync(file);
    }
  });
}
