/** Checks of FileHandle. */
import fs from "node:fs";
import promises, { type FileHandle } from "node:fs/promises";
import { event, member, textOf, type Check } from "../check.ts";
import { blamesLater, inFolder, statOf } from "./folder.ts";

type Story = (
  handle: FileHandle,
  content: () => string,
  at: (name: string) => string,
) => unknown;

export function handleChecks(): Record<string, Check> {
  const checks = Object.entries(stories).map(
    ([name, story]): [string, Check] => [
      `FileHandle#${name}`,
      inFolder(async (at) => {
        const handle = await promises.open(at("a.txt"), "r+");
        try {
          const content = () => fs.readFileSync(at("a.txt"), "utf8");
          return await story(handle, content, at);
        } finally {
          await handle.close();
        }
      }),
    ],
  );
  return Object.fromEntries(checks);
}

/** What a method says of a file that is closed. */
async function onClosed(
  at: (name: string) => string,
  name: string,
  ...args: unknown[]
): Promise<unknown> {
  const other = await promises.open(at("a.txt"));
  await other.close();
  return blamesLater(member(other, name)(...args));
}

const time = new Date(1_600_000_000_000);

const stories: Record<string, Story> = {
  getAsyncId: (handle) => Number.isInteger(member(handle, "getAsyncId")()),
  fd: (handle) => fs.fstatSync(handle.fd).size,
  appendFile: async (handle, content) => {
    await handle.appendFile("third");
    return content();
  },
  chmod: async (handle, _content, at) => {
    await handle.chmod(0o600);
    return fs.statSync(at("a.txt")).mode & 0o777;
  },
  chown: async (handle, _content, at) => {
    const { uid, gid } = await handle.stat();
    return [
      await handle.chown(uid, gid),
      await onClosed(at, "chown", uid, gid),
    ];
  },
  datasync: async (handle, _content, at) => [
    await handle.datasync(),
    await onClosed(at, "datasync"),
  ],
  sync: async (handle, _content, at) => [
    await handle.sync(),
    await onClosed(at, "sync"),
  ],
  read: async (handle) => {
    const bytes = Buffer.alloc(5);
    const { bytesRead, buffer } = await handle.read(bytes, 0, 5, 0);
    const { bytesRead: more } = await handle.read({ buffer: bytes });
    return [bytesRead, buffer === bytes, more, bytes.toString()];
  },
  readv: async (handle) => {
    const parts = [Buffer.alloc(2), Buffer.alloc(3)];
    const { bytesRead } = await handle.readv(parts, 0);
    return [bytesRead, parts.map(String)];
  },
  readFile: async (handle) => [
    await handle.readFile("utf8"),
    await handle.readFile(),
  ],
  readLines: async (handle) => {
    const lines: string[] = [];
    for await (const line of handle.readLines({ autoClose: false }))
      lines.push(line);
    return lines;
  },
  stat: async (handle) => statOf(await handle.stat()),
  truncate: async (handle, content) => {
    await handle.truncate(4);
    return content();
  },
  utimes: async (handle) => {
    await handle.utimes(time, time);
    return (await handle.stat()).mtimeMs;
  },
  write: async (handle, content) => {
    const { bytesWritten } = await handle.write("AB", 1);
    await handle.write(Buffer.from("xyz"), 1, 1, 0);
    return [bytesWritten, content()];
  },
  writev: async (handle, content) => {
    const { bytesWritten } = await handle.writev([
      Buffer.from("1"),
      Buffer.from("23"),
    ]);
    return [bytesWritten, content()];
  },
  writeFile: async (handle, content) => {
    await handle.writeFile("whole", "utf8");
    return content();
  },
  readableWebStream: async (handle) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of handle.readableWebStream()) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  },
  createReadStream: async (handle) => {
    const made = handle.createReadStream({ start: 6, autoClose: false });
    return textOf(made);
  },
  createWriteStream: async (handle, content) => {
    const made = handle.createWriteStream({ start: 6 });
    made.end("SEC");
    await event(made, "close");
    return content();
  },
};
