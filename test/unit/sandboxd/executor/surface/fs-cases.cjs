// Files, by all three of the ways that Node has.
/* oxlint-disable -- written as programs are, odd ones included */
const fs = require("fs"),
  path = require("path"),
  os = require("os");
module.exports = async () => {
  const out = [];
  const t = (name, f) => {
    try {
      const r = f();
      out.push([name, r instanceof Buffer ? "B:" + r : r]);
    } catch (e) {
      out.push([
        name,
        e.code,
        e.syscall,
        e.message.replace(dir, "DIR").replace(dir, "DIR"),
        e.errno,
        Object.keys(e).join(),
      ]);
    }
  };
  const ta = async (name, f) => {
    try {
      const r = await f();
      out.push([name, r instanceof Buffer ? "B:" + r : r]);
    } catch (e) {
      out.push([
        name,
        e.code,
        e.syscall,
        String(e.message).replace(dir, "DIR").replace(dir, "DIR"),
      ]);
    }
  };
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "x-"));
  const p = (n) => path.join(dir, n);
  t("write", () => fs.writeFileSync(p("a"), "hello"));
  t("read", () => fs.readFileSync(p("a"), "utf8"));
  t("readbuf", () => fs.readFileSync(p("a")));
  t(
    "append",
    () => (
      fs.appendFileSync(p("a"), " world"),
      fs.readFileSync(p("a"), "latin1")
    ),
  );
  t("missing", () => fs.readFileSync(p("none")));
  t("missing8", () => fs.readFileSync(p("none"), "utf8"));
  t("stat", () => {
    const s = fs.statSync(p("a"));
    return [
      s.size,
      s.isFile(),
      s.isDirectory(),
      (s.mode & 0o777).toString(8),
      s.mtime instanceof Date,
      s.nlink,
    ];
  });
  t("statmiss", () => fs.statSync(p("none")));
  t(
    "statno",
    () => fs.statSync(p("none"), { throwIfNoEntry: false }) === undefined,
  );
  t("big", () => typeof fs.statSync(p("a"), { bigint: true }).mtimeNs);
  t("mkdirp", () =>
    fs.mkdirSync(p("d/e/f"), { recursive: true }).replace(dir, ""),
  );
  t("mkdir2", () => fs.mkdirSync(p("d")));
  t("readdir", () => fs.readdirSync(dir));
  t("readdirT", () =>
    fs
      .readdirSync(dir, { withFileTypes: true })
      .map((d) => [d.name, d.isDirectory(), d.parentPath === dir]),
  );
  t("readdirR", () => fs.readdirSync(dir, { recursive: true }).sort());
  t("readdirRT", () =>
    fs
      .readdirSync(dir, { recursive: true, withFileTypes: true })
      .map((d) => d.name)
      .sort(),
  );
  t("readdirF", () => fs.readdirSync(p("a")));
  t("rmdir", () => fs.rmdirSync(p("d")));
  t(
    "rename",
    () => (
      fs.renameSync(p("a"), p("b")),
      fs.existsSync(p("a")),
      fs.existsSync(p("b"))
    ),
  );
  t("renamemiss", () => fs.renameSync(p("zz"), p("b")));
  t(
    "copy",
    () => (fs.copyFileSync(p("b"), p("c")), fs.readFileSync(p("c"), "utf8")),
  );
  t("copyx", () => fs.copyFileSync(p("b"), p("c"), fs.constants.COPYFILE_EXCL));
  t(
    "link",
    () => (
      fs.symlinkSync("b", p("s")),
      [
        fs.readlinkSync(p("s")),
        fs.readFileSync(p("s"), "utf8"),
        fs.lstatSync(p("s")).isSymbolicLink(),
        fs.realpathSync(p("s")) === p("b"),
        fs.realpathSync.native(p("s")) === p("b"),
      ]
    ),
  );
  t("access", () => fs.accessSync(p("none")));
  t(
    "truncate",
    () => (fs.truncateSync(p("c"), 3), fs.readFileSync(p("c"), "utf8")),
  );
  t(
    "utimes",
    () => (
      fs.utimesSync(p("c"), 10, 20.5),
      [fs.statSync(p("c")).mtimeMs, fs.statSync(p("c")).atimeMs]
    ),
  );
  t(
    "chmod",
    () => (
      fs.chmodSync(p("c"), 0o600),
      (fs.statSync(p("c")).mode & 0o777).toString(8)
    ),
  );
  t("fd", () => {
    const fd = fs.openSync(p("fd"), "w+");
    const w = fs.writeSync(fd, "abcdef");
    fs.writeSync(fd, Buffer.from("XY"), 0, 2, 1);
    const b = Buffer.alloc(10);
    const n = fs.readSync(fd, b, 0, 10, 0);
    fs.ftruncateSync(fd, 4);
    const st = fs.fstatSync(fd).size;
    fs.closeSync(fd);
    return [w, n, b.toString("utf8", 0, n), st];
  });
  t("badfd", () => fs.readSync(9999, Buffer.alloc(1)));
  t("closebad", () => fs.closeSync(9999));
  t("unlinkdir", () => fs.unlinkSync(p("d")));
  t("unlinkmiss", () => fs.unlinkSync(p("dx")));
  t(
    "rm",
    () => (fs.rmSync(p("d"), { recursive: true }), fs.existsSync(p("d"))),
  );
  t("rmmiss", () => fs.rmSync(p("d")));
  t("rmforce", () => fs.rmSync(p("d"), { force: true }));
  t("cp", () => {
    fs.mkdirSync(p("m/n"), { recursive: true });
    fs.writeFileSync(p("m/n/x"), "x");
    fs.cpSync(p("m"), p("m2"), { recursive: true });
    return fs.readFileSync(p("m2/n/x"), "utf8");
  });
  t("wx", () => fs.writeFileSync(p("b"), "1", { flag: "wx" }));
  t("dirread", () => fs.readFileSync(dir));
  t("notdir", () => fs.readFileSync(p("b/c")));
  t("arg", () => fs.readFileSync());
  t("nul", () => fs.readFileSync("a\0b"));
  t("opendir", () => {
    const d = fs.opendirSync(dir);
    const names = [];
    let e;
    while ((e = d.readSync())) names.push(e.name);
    d.closeSync();
    return names.sort();
  });
  t("opendirx", () => fs.opendirSync(p("qq")));
  await ta(
    "cb",
    () =>
      new Promise((r, j) =>
        fs.readFile(p("b"), "utf8", (e, d) => (e ? j(e) : r(d))),
      ),
  );
  await ta(
    "cbw",
    () =>
      new Promise((r, j) =>
        fs.writeFile(p("cb"), "data", (e) =>
          e ? j(e) : fs.stat(p("cb"), (e, s) => r(s.size)),
        ),
      ),
  );
  await ta(
    "cbmiss",
    () =>
      new Promise((r, j) =>
        fs.readFile(p("nope"), (e, d) => (e ? j(e) : r(d))),
      ),
  );
  await ta(
    "cbdir",
    () =>
      new Promise((r, j) =>
        fs.mkdtemp(p("t-"), (e, d) => (e ? j(e) : r(fs.existsSync(d)))),
      ),
  );
  await ta("exists", () => new Promise((r) => fs.exists(p("b"), r)));
  const fp = fs.promises;
  await ta("pread", () => fp.readFile(p("b"), "utf8"));
  await ta("pwrite", async () => {
    await fp.writeFile(p("pw"), Buffer.from("promised"));
    return fp.readFile(p("pw"), { encoding: "utf8" });
  });
  await ta("pmiss", () => fp.readFile(p("nope")));
  await ta("pstat", async () => (await fp.stat(p("b"))).size);
  await ta("pdir", () =>
    fp.readdir(dir).then((l) => l.filter((n) => !n.startsWith("t-")).sort()),
  );
  await ta("pmkdir", async () =>
    (await fp.mkdir(p("q/r"), { recursive: true })).replace(dir, ""),
  );
  await ta("phandle", async () => {
    const h = await fp.open(p("h"), "w+");
    await h.write("line1\nline2\n");
    const st = (await h.stat()).size;
    await h.close();
    const h2 = await fp.open(p("h"));
    const lines = [];
    for await (const l of h2.readLines()) lines.push(l);
    return [st, lines];
  });
  await ta("paccess", () => fp.access(p("nope")));
  await ta("prm", async () => {
    await fp.rm(p("q"), { recursive: true });
    return fs.existsSync(p("q"));
  });
  await ta("pcp", async () => {
    await fp.cp(p("m"), p("m3"), { recursive: true });
    return fs.readFileSync(p("m3/n/x"), "utf8");
  });
  await ta("pappend", async () => {
    await fp.appendFile(p("h"), "more");
    return fp.readFile(p("h"), "utf8");
  });
  await ta("popendir", async () => {
    const l = [];
    for await (const d of await fp.opendir(p("m"))) l.push(d.name);
    return l;
  });
  await ta(
    "streams",
    () =>
      new Promise((r, j) => {
        const w = fs.createWriteStream(p("st"));
        w.on("error", j);
        w.write("part1 ");
        w.end("part2", () => {
          let s = "";
          fs.createReadStream(p("st"), { encoding: "utf8", highWaterMark: 4 })
            .on("data", (d) => (s += d + "|"))
            .on("close", () => r(s))
            .on("error", j);
        });
      }),
  );
  await ta(
    "streammiss",
    () => new Promise((r, j) => fs.createReadStream(p("nope")).on("error", j)),
  );
  await ta("pipeline", async () => {
    await require("stream/promises").pipeline(
      fs.createReadStream(p("st")),
      fs.createWriteStream(p("st2")),
    );
    return fs.readFileSync(p("st2"), "utf8");
  });
  await ta("range", async () => {
    let s = "";
    for await (const c of fs.createReadStream(p("st"), { start: 2, end: 4 }))
      s += c;
    return s;
  });
  t("writev", () => {
    const fd = fs.openSync(p("v"), "w");
    const n = fs.writevSync(fd, [Buffer.from("a"), Buffer.from("bc")]);
    fs.closeSync(fd);
    return [n, fs.readFileSync(p("v"), "utf8")];
  });
  t("statfs", () => typeof fs.statfsSync(dir).bsize);
  t("names", () =>
    fs
      .readdirSync(p("m"), "buffer")
      .map((b) => Buffer.isBuffer(b) && b.toString()),
  );
  t("lchmod", () => typeof fs.lchown);
  for (const name of ["close", "fsync", "fstat", "fchmod", "ftruncate"])
    for (const number of ["a", -1, 1.5, 2 ** 32, undefined, {}]) {
      t(`${name}Sync of ${number}`, () => fs[`${name}Sync`](number, 1));
      t(`${name} of ${number}`, () => fs[name](number, () => undefined));
    }
  for (const number of ["a", -1, 1.5, 2 ** 32, undefined]) {
    t(`readSync of ${number}`, () => fs.readSync(number, Buffer.alloc(1)));
    t(`writeSync of ${number}`, () => fs.writeSync(number, "x"));
    t(`writevSync of ${number}`, () =>
      fs.writevSync(number, [Buffer.alloc(1)]),
    );
  }
  t("all of no open file", () => fs.readFileSync(99));
  t("a copy over a link", () => {
    fs.mkdirSync(p("under"));
    fs.symlinkSync(p("under"), p("over"), "dir");
    fs.cpSync(p("st"), p("over"));
    return [fs.lstatSync(p("over")).isFile(), fs.readdirSync(p("under"))];
  });
  t("a copy of nothing", () => fs.cpSync(p("none"), p("there")));
  for (const mode of ["r", 8, -1, NaN, 2 ** 40, null, 1.5]) {
    t(`access ${mode}`, () => fs.accessSync(p("st"), mode));
    await ta(`access ${mode}`, () => fs.promises.access(p("st"), mode));
    t(`copy ${mode}`, () => fs.copyFileSync(p("st"), p(`st${mode}`), mode));
  }
  t("a copy's mode", () => {
    fs.chmodSync(p("st"), 0o444);
    fs.copyFileSync(p("st"), p("st4"));
    return fs.statSync(p("st4")).mode & 0o777;
  });
  fs.rmSync(dir, { recursive: true });
  return out;
};
