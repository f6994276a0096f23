/**
 * What each operation on paths does, once for its three forms: with a callback, synchronous, with a promise. A form is
 * handed in as the function that makes the call; what it gives is compared, and what the folder holds after.
 */
import fs from "node:fs";
import { member, type Check } from "../check.ts";
import { blamesLater, inFolder, statOf } from "./folder.ts";

/** Calls an operation, in any of the forms. */
type Form = (name: string, ...args: unknown[]) => Promise<unknown>;
type At = (name: string) => string;
type Story = (call: Form, at: At) => Promise<unknown>;

const read = (file: string) => fs.readFileSync(file, "utf8");
const time = new Date(1_600_000_000_000);

const stories: Record<string, Story> = {
  access: async (call, at) => [
    await call("access", at("a.txt")),
    await call("access", at("a.txt"), fs.constants.R_OK),
    await blamesLater(call("access", at("none"))),
  ],
  appendFile: async (call, at) => {
    await call("appendFile", at("a.txt"), "third");
    await call("appendFile", at("new"), Buffer.from("x"));
    return [read(at("a.txt")), read(at("new"))];
  },
  chmod: async (call, at) => {
    await call("chmod", at("a.txt"), 0o640);
    await call("chmod", at("sub"), "700");
    return [
      fs.statSync(at("a.txt")).mode & 0o777,
      fs.statSync(at("sub")).mode & 0o777,
      await blamesLater(call("chmod", at("none"), 0o600)),
    ];
  },
  chown: async (call, at) => {
    const { uid, gid } = fs.statSync(at("a.txt"));
    return [
      await call("chown", at("a.txt"), uid, gid),
      await blamesLater(call("chown", at("none"), uid, gid)),
    ];
  },
  lchown: async (call, at) => {
    const { uid, gid } = fs.statSync(at("a.txt"));
    return [
      await call("lchown", at("a.txt"), uid, gid),
      await blamesLater(call("lchown", at("none"), uid, gid)),
    ];
  },
  copyFile: async (call, at) => {
    await call("copyFile", at("a.txt"), at("copy"));
    return [
      read(at("copy")),
      await blamesLater(
        call("copyFile", at("a.txt"), at("copy"), fs.constants.COPYFILE_EXCL),
      ),
      await blamesLater(call("copyFile", at("none"), at("x"))),
    ];
  },
  cp: async (call, at) => {
    await call("cp", at("sub"), at("other"), { recursive: true });
    return [
      fs.readdirSync(at("other")),
      read(at("other/b.txt")),
      await blamesLater(call("cp", at("none"), at("x"))),
    ];
  },
  link: async (call, at) => {
    await call("link", at("a.txt"), at("hard"));
    fs.appendFileSync(at("hard"), "!");
    return [
      read(at("a.txt")),
      fs.statSync(at("a.txt")).nlink,
      await blamesLater(call("link", at("none"), at("x"))),
    ];
  },
  lstat: async (call, at) => {
    fs.symlinkSync("a.txt", at("soft"));
    const found = await call("lstat", at("soft"));
    return [
      found instanceof fs.Stats && found.isSymbolicLink(),
      await blamesLater(call("lstat", at("none"))),
    ];
  },
  lutimes: async (call, at) => {
    fs.symlinkSync("a.txt", at("soft"));
    await call("lutimes", at("soft"), time, time);
    return [
      fs.lstatSync(at("soft")).mtimeMs,
      fs.statSync(at("soft")).mtimeMs === time.getTime(),
    ];
  },
  mkdir: async (call, at) => {
    const first = await call("mkdir", at("deep/er/est"), { recursive: true });
    return [
      String(first).endsWith("deep"),
      await call("mkdir", at("flat")),
      fs.statSync(at("deep/er/est")).isDirectory(),
      await blamesLater(call("mkdir", at("sub"))),
      await blamesLater(call("mkdir", at("no/parent"))),
    ];
  },
  mkdtemp: async (call, at) => {
    const [a, b] = [
      String(await call("mkdtemp", at("tmp-"))),
      String(await call("mkdtemp", at("tmp-"))),
    ];
    return [
      a === b,
      /tmp-.{6}$/.test(a),
      fs.statSync(a).isDirectory(),
      await blamesLater(call("mkdtemp", at("no/parent-"))),
    ];
  },
  open: async (call, at) => [
    await blamesLater(call("open", at("none"))),
    await blamesLater(call("open", at("a.txt"), "wx")),
    await blamesLater(call("open", at("a.txt"), "nonsense")),
  ],
  opendir: async (call, at) => {
    const folder = await call("opendir", at("sub"));
    const names: string[] = [];
    if (folder instanceof fs.Dir)
      for await (const { name } of folder) names.push(name);
    return [names, await blamesLater(call("opendir", at("none")))];
  },
  readFile: async (call, at) => [
    await call("readFile", at("a.txt"), "utf8"),
    await call("readFile", at("a.txt")),
    await call("readFile", at("a.txt"), { encoding: "base64" }),
    await blamesLater(call("readFile", at("none"))),
    await blamesLater(call("readFile", at("sub"))),
  ],
  readdir: async (call, at) => {
    const entries = await call("readdir", at("."), { withFileTypes: true });
    const deep = await call("readdir", at("."), { recursive: true });
    const names = (list: unknown) => Array.from(Object(list)).map(String);
    const shown =
      Array.isArray(entries) &&
      entries.map((each: fs.Dirent) => [each.name, each.isDirectory()]);
    return [
      names(await call("readdir", at("."))).toSorted(),
      shown,
      names(deep).toSorted(),
      await blamesLater(call("readdir", at("none"))),
      await blamesLater(call("readdir", at("a.txt"))),
    ];
  },
  readlink: async (call, at) => {
    fs.symlinkSync("sub/b.txt", at("soft"));
    return [
      await call("readlink", at("soft")),
      await blamesLater(call("readlink", at("a.txt"))),
    ];
  },
  realpath: async (call, at) => {
    fs.symlinkSync("sub", at("soft"));
    return [
      String(await call("realpath", at("soft/../sub/b.txt"))) ===
        fs.realpathSync(at("sub/b.txt")),
      String(await call("realpath", at("soft"))).endsWith("/sub"),
      await blamesLater(call("realpath", at("none"))),
    ];
  },
  rename: async (call, at) => {
    await call("rename", at("a.txt"), at("moved"));
    await call("rename", at("sub"), at("below"));
    return [
      fs.readdirSync(at(".")).toSorted(),
      read(at("below/b.txt")),
      await blamesLater(call("rename", at("none"), at("x"))),
    ];
  },
  rm: async (call, at) => {
    await call("rm", at("a.txt"));
    await call("rm", at("none"), { force: true });
    const refused = await blamesLater(call("rm", at("sub")));
    await call("rm", at("sub"), { recursive: true });
    return [
      fs.readdirSync(at(".")),
      Array.isArray(refused) && refused.slice(0, 2),
      await blamesLater(call("rm", at("none"))),
    ];
  },
  rmdir: async (call, at) => {
    const full = await blamesLater(call("rmdir", at("sub")));
    fs.unlinkSync(at("sub/b.txt"));
    await call("rmdir", at("sub"));
    return [full, fs.existsSync(at("sub"))];
  },
  stat: async (call, at) => {
    const found = await call("stat", at("a.txt"));
    const big = await call("stat", at("a.txt"), { bigint: true });
    return [
      found instanceof fs.Stats && statOf(found),
      typeof Reflect.get(Object(big), "size"),
      await blamesLater(call("stat", at("none"))),
    ];
  },
  statfs: async (call, at) => {
    const found = Object(await call("statfs", at(".")));
    return [Object.keys(found).includes("bsize"), found.bsize > 0];
  },
  symlink: async (call, at) => {
    await call("symlink", "a.txt", at("soft"));
    return [
      read(at("soft")),
      await blamesLater(call("symlink", "a.txt", at("soft"))),
    ];
  },
  truncate: async (call, at) => {
    await call("truncate", at("a.txt"), 3);
    const short = read(at("a.txt"));
    await call("truncate", at("a.txt"), 5);
    return [short, fs.readFileSync(at("a.txt"))];
  },
  unlink: async (call, at) => {
    await call("unlink", at("a.txt"));
    return [
      fs.existsSync(at("a.txt")),
      await blamesLater(call("unlink", at("a.txt"))),
    ];
  },
  utimes: async (call, at) => {
    await call("utimes", at("a.txt"), time, 1_500_000_000);
    const { atimeMs, mtimeMs } = fs.statSync(at("a.txt"));
    return [atimeMs, mtimeMs];
  },
  writeFile: async (call, at) => {
    await call("writeFile", at("new"), "text");
    await call("writeFile", at("a.txt"), new Uint8Array([65]), { flag: "a" });
    return [
      read(at("new")),
      read(at("a.txt")),
      await blamesLater(call("writeFile", at("a.txt"), "x", { flag: "wx" })),
      await blamesLater(call("writeFile", at("no/parent"), "x")),
      await blamesLater(call("writeFile", at("x"), 1)),
    ];
  },
  lchmod: async (call, at) => blamesLater(call("lchmod", at("a.txt"), 0o600)),
};

/** The checks of operations with a promise. */
export function promised(holder: object): Record<string, Check> {
  return told(
    (name, ...args) => member(holder, name)(...args),
    (name) => name,
  );
}

/** The checks of operations with a callback. */
export function withCallback(): Record<string, Check> {
  const call: Form = (name, ...args) =>
    new Promise((resolve, reject) => {
      member(fs, name)(...args, (error: unknown, value: unknown) => {
        if (error instanceof Error) reject(error);
        else resolve(value);
      });
    });
  return told(call, (name) => name);
}

/** The checks of synchronous operations. */
export function synchronous(): Record<string, Check> {
  return told(
    // A throw of the call itself becomes the promise's.
    async (name, ...args) => member(fs, `${name}Sync`)(...args),
    (name) => `${name}Sync`,
  );
}

function told(
  call: Form,
  nameOf: (name: string) => string,
): Record<string, Check> {
  const checks = Object.entries(stories).map(
    ([name, story]): [string, Check] => [
      nameOf(name),
      inFolder((at) => story(call, at)),
    ],
  );
  return Object.fromEntries(checks);
}
