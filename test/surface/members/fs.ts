import fs from "node:fs";
import {
  event,
  instance,
  member,
  nextTurn,
  textOf,
  told,
  valuesOf,
  type Surface,
} from "../check.ts";
import { synchronous, withCallback } from "../fs/calls.ts";
import { descriptorChecks } from "../fs/descriptors.ts";
import { classChecks } from "../fs/classes.ts";
import { blames, calledBack, inFolder } from "../fs/folder.ts";

export const surface: Surface = {
  module: "fs",
  checks: {
    ...valuesOf(fs, ["constants"]),
    ...withCallback(),
    ...synchronous(),
    ...descriptorChecks(),
    ...classChecks(),
    ...streams(),
    ...opened(),
    ...watching(),
    exists: inFolder(async (at) => [
      await calledBack((callback) =>
        member(fs, "exists")(at("a.txt"), callback),
      ),
      await calledBack((callback) =>
        member(fs, "exists")(at("none"), callback),
      ),
    ]),
    existsSync: inFolder((at) => [
      fs.existsSync(at("a.txt")),
      fs.existsSync(at("none")),
      member(fs, "existsSync")(1),
    ]),
    glob: inFolder((at) =>
      calledBack((callback) =>
        fs.glob("**/*.txt", { cwd: at(".") }, (error, found) =>
          callback(error, found.toSorted()),
        ),
      ),
    ),
    globSync: inFolder((at) => [
      fs.globSync("**/*.txt", { cwd: at(".") }).toSorted(),
      fs.globSync("*", { cwd: at("."), exclude: ["sub"] }),
    ]),
    openAsBlob: inFolder(async (at) => {
      const blob = await fs.openAsBlob(at("a.txt"), { type: "text/plain" });
      return [blob.size, blob.type, await blob.text()];
    }),
    openAsBlobSync: inFolder(async (at) => {
      const blob = member(fs, "openAsBlobSync")(at("a.txt"));
      return [blob.size, await blob.slice(0, 5).text()];
    }),
    mkdtempDisposableSync: inFolder((at) => {
      const made = fs.mkdtempDisposableSync(at("tmp-"));
      const before = fs.existsSync(made.path);
      made.remove();
      return [before, fs.existsSync(made.path)];
    }),
    _toUnixTimestamp: () => [
      member(fs, "_toUnixTimestamp")(new Date(1500)),
      member(fs, "_toUnixTimestamp")("12"),
    ],
    promises: inFolder(async (at) => [
      await fs.promises.readFile(at("a.txt"), "utf8"),
    ]),
  },
};

function opened(): Surface["checks"] {
  return {
    open: inFolder(async (at) => {
      const [error, file] = await calledBack((callback) =>
        fs.open(at("new"), "w", 0o600, callback),
      );
      if (typeof file !== "number") return error;
      fs.writeSync(file, "written");
      fs.closeSync(file);
      return [
        error,
        fs.readFileSync(at("new"), "utf8"),
        await calledBack((callback) => fs.open(at("none"), callback)),
      ];
    }),
    openSync: inFolder((at) => {
      const file = fs.openSync(at("a.txt"), "a+");
      fs.writeSync(file, "third");
      const bytes = Buffer.alloc(5);
      fs.readSync(file, bytes, { position: 0 });
      fs.closeSync(file);
      return [
        bytes.toString(),
        fs.readFileSync(at("a.txt"), "utf8"),
        blames(() => fs.openSync(at("none"), "r")),
        blames(() => fs.openSync(at("a.txt"), "wx")),
        blames(() => fs.openSync(at("a.txt"), "nonsense")),
      ];
    }),
    opendirSync: inFolder((at) => {
      const folder = fs.opendirSync(at("sub"));
      const names = [folder.readSync()?.name, folder.readSync()];
      folder.closeSync();
      return [names, blames(() => fs.opendirSync(at("none")))];
    }),
  };
}

function streams(): Surface["checks"] {
  return {
    createReadStream: inFolder(async (at) => {
      const missing = fs.createReadStream(at("none"));
      const failed = event(missing, "error");
      const part = fs.createReadStream(at("a.txt"), {
        start: 2,
        end: 7,
        encoding: "utf8",
        highWaterMark: 4,
      });
      const [error] = await failed;
      return [
        await textOf(part),
        part.bytesRead,
        Reflect.get(Object(error), "code"),
      ];
    }),
    createWriteStream: inFolder(async (at) => {
      const target = fs.createWriteStream(at("new"));
      target.write("one ");
      target.end("two");
      await event(target, "close");
      const more = fs.createWriteStream(at("new"), { flags: "r+", start: 4 });
      more.end("2");
      await event(more, "close");
      return [fs.readFileSync(at("new"), "utf8"), target.bytesWritten];
    }),
    ReadStream: inFolder(async (at) => {
      const made = Reflect.construct(fs.ReadStream, [at("a.txt")]);
      return [await textOf(made), made instanceof fs.ReadStream];
    }),
    WriteStream: inFolder(async (at) => {
      const made = Reflect.construct(fs.WriteStream, [at("new")]);
      made.end("x");
      await event(made, "finish");
      return [fs.readFileSync(at("new"), "utf8"), made.path === at("new")];
    }),
    FileReadStream: inFolder(async (at) =>
      textOf(
        Reflect.construct(Reflect.get(fs, "FileReadStream"), [at("a.txt")]),
      ),
    ),
    FileWriteStream: inFolder(async (at) => {
      const made = instance(fs, "FileWriteStream", at("new"));
      made.end("y");
      await event(made, "finish");
      return fs.readFileSync(at("new"), "utf8");
    }),
    Utf8Stream: inFolder(async (at) => {
      const Utf8Stream = Reflect.get(fs, "Utf8Stream");
      const made = Reflect.construct(Utf8Stream, [
        { dest: at("log"), sync: true },
      ]);
      made.write("line\n");
      made.flushSync();
      const seen = fs.readFileSync(at("log"), "utf8");
      const closed = event(made, "close");
      made.end();
      await closed;
      return seen;
    }),
  };
}

function watching(): Surface["checks"] {
  return {
    watch: inFolder(async (at) => {
      const watcher = fs.watch(at("."));
      const changed = event(watcher, "change");
      await nextTurn();
      fs.writeFileSync(at("new"), "x");
      const [, name] = await changed;
      watcher.close();
      return name;
    }),
    watchFile: inFolder(async (at) => {
      const listener = () => undefined;
      const watcher = fs.watchFile(
        at("a.txt"),
        { interval: 5, persistent: false },
        listener,
      );
      const changed = event(watcher, "change");
      // Not before the watcher has looked once.
      await new Promise((resolve) => {
        setTimeout(resolve, 60);
      });
      fs.writeFileSync(at("a.txt"), "longer than before, by far");
      const [now] = await changed;
      fs.unwatchFile(at("a.txt"));
      return Number(Object(now).size);
    }),
    unwatchFile: inFolder((at) => {
      fs.watchFile(at("a.txt"), { persistent: false }, () => undefined);
      return [
        fs.unwatchFile(at("a.txt")),
        told(blames(() => member(fs, "unwatchFile")(1))),
      ];
    }),
  };
}
