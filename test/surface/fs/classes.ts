/** Checks of what fs hands out: entries, stats, folders, streams. */
import fs from "node:fs";
import { event, member, thrown, type Check } from "../check.ts";
import { blames, calledBack, inFolder, statOf } from "./folder.ts";

const kinds = [
  "isDirectory",
  "isFile",
  "isBlockDevice",
  "isCharacterDevice",
  "isSymbolicLink",
  "isFIFO",
  "isSocket",
];

export function classChecks(): Record<string, Check> {
  return { ...entries(), ...stats(), ...folders(), ...streams() };
}

function entries(): Record<string, Check> {
  const checks = kinds.map((name): [string, Check] => [
    `Dirent#${name}`,
    inFolder((at) => {
      fs.symlinkSync("a.txt", at("soft"));
      const found = fs.readdirSync(at("."), { withFileTypes: true });
      return found.map((entry) => [entry.name, member(entry, name)()]);
    }),
  ]);
  return {
    ...Object.fromEntries(checks),
    Dirent: inFolder((at) => {
      const [entry] = fs.readdirSync(at("sub"), { withFileTypes: true });
      return [
        entry instanceof fs.Dirent,
        entry?.name,
        entry?.parentPath === at("sub"),
      ];
    }),
  };
}

function stats(): Record<string, Check> {
  const times = ["atime", "mtime", "ctime", "birthtime"];
  const when = 1_600_000_000_123;
  const checks = times.flatMap((name): [string, Check][] => [
    [
      `Stats#${name}`,
      inFolder((at) => {
        fs.utimesSync(at("a.txt"), when / 1000, when / 1000);
        const found = fs.statSync(at("a.txt"));
        const value: unknown = Reflect.get(found, name);
        return [
          value instanceof Date &&
            Math.abs(Reflect.get(found, `${name}Ms`) - value.getTime()) <= 1,
          name.startsWith("a") || name.startsWith("m") ? value : null,
        ];
      }),
    ],
    [
      `Stats#${name}Instant`,
      inFolder((at) => {
        const found = fs.statSync(at("a.txt"));
        const value = Reflect.get(found, `${name}Instant`);
        const ms: number = Reflect.get(found, `${name}Ms`);
        return Math.abs(ms - value.epochMilliseconds) <= 1;
      }),
    ],
  ]);
  return {
    ...Object.fromEntries(checks),
    Stats: inFolder((at) => {
      const found = fs.statSync(at("a.txt"));
      return [
        found instanceof fs.Stats,
        Object.keys(found),
        statOf(found),
        statOf(fs.statSync(at("sub"))),
        found.ino > 0,
      ];
    }),
  };
}

function folders(): Record<string, Check> {
  const names = (at: (name: string) => string) => fs.opendirSync(at("sub"));
  return {
    Dir: inFolder((at) => {
      const folder = names(at);
      folder.closeSync();
      return [folder instanceof fs.Dir, blames(() => folder.closeSync())];
    }),
    "Dir#path": inFolder((at) => {
      const folder = names(at);
      folder.closeSync();
      return folder.path === at("sub");
    }),
    "Dir#read": inFolder(async (at) => {
      const folder = names(at);
      const first = await folder.read();
      const [error, second] = await calledBack((callback) =>
        folder.read(callback),
      );
      await folder.close();
      return [first?.name, error, second];
    }),
    "Dir#readSync": inFolder((at) => {
      const folder = names(at);
      const seen = [folder.readSync()?.name, folder.readSync()];
      folder.closeSync();
      return [seen, thrown(() => folder.readSync())];
    }),
    "Dir#close": inFolder(async (at) => [
      await names(at).close(),
      await calledBack((callback) => names(at).close(callback)),
    ]),
    "Dir#closeSync": inFolder((at) => {
      const folder = names(at);
      folder.closeSync();
      return blames(() => folder.readSync());
    }),
    "Dir#entries": inFolder(async (at) => {
      const seen: string[] = [];
      for await (const entry of member(names(at), "entries")())
        seen.push(entry.name);
      return seen;
    }),
  };
}

function streams(): Record<string, Check> {
  const reading = (at: (name: string) => string) =>
    fs.createReadStream(at("a.txt"));
  const writing = (at: (name: string) => string) =>
    fs.createWriteStream(at("new"));
  return {
    "ReadStream#autoClose": inFolder(async (at) => {
      const made = reading(at);
      const value: unknown = Reflect.get(made, "autoClose");
      made.resume();
      await event(made, "close");
      return [value, made.destroyed];
    }),
    "ReadStream#close": inFolder(async (at) => {
      const made = reading(at);
      return calledBack((callback) => made.close(callback));
    }),
    "ReadStream#pending": inFolder(async (at) => {
      const made = reading(at);
      const before = made.pending;
      await event(made, "ready");
      const after = made.pending;
      made.destroy();
      await event(made, "close");
      return [before, after];
    }),
    "WriteStream#autoClose": inFolder(async (at) => {
      const made = writing(at);
      const value: unknown = Reflect.get(made, "autoClose");
      made.end();
      await event(made, "close");
      return value;
    }),
    "WriteStream#close": inFolder(async (at) => {
      const made = writing(at);
      made.write("kept");
      await calledBack((callback) => made.close(callback));
      return fs.readFileSync(at("new"), "utf8");
    }),
    "WriteStream#destroySoon": inFolder(async (at) => {
      const made = writing(at);
      made.write("kept");
      member(made, "destroySoon")();
      await event(made, "close");
      return fs.readFileSync(at("new"), "utf8");
    }),
    "WriteStream#pending": inFolder(async (at) => {
      const made = writing(at);
      const before = made.pending;
      made.end();
      await event(made, "close");
      return [before, made.pending];
    }),
  };
}
