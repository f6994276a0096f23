// What `process` says and does, and the order of what it puts off; the same in plain Node.
/* oxlint-disable -- written as programs are, odd ones included */
module.exports = async () => {
  const out = [];
  const t = (n, f) => {
    try {
      out.push([n, f()]);
    } catch (e) {
      out.push([n, "ERR", e.code, e.message]);
    }
  };
  t("emitter", () => [
    process instanceof require("events"),
    typeof process.on,
    Object.prototype.toString.call(process),
  ]);
  t("version", () => [
    process.version,
    process.versions.node,
    process.versions.openssl,
    process.platform,
    process.arch,
    process.release.name,
  ]);
  t("hr", () => {
    const a = process.hrtime();
    const d = process.hrtime(a);
    return [
      a.length,
      d[0] === 0,
      typeof process.hrtime.bigint(),
      typeof process.uptime(),
    ];
  });
  t("hrbad", () => process.hrtime(1));
  t("hrbad2", () => process.hrtime([1]));
  t("mem", () => Object.keys(process.memoryUsage()));
  t("memv", () => process.memoryUsage().heapUsed > 1000);
  t("rss", () => process.memoryUsage.rss() > 0);
  t("cpu", () => Object.keys(process.cpuUsage()));
  t("cpubad", () => process.cpuUsage({ user: "x" }));
  t("res", () => Object.keys(process.resourceUsage()).length);
  t("env", () => {
    process.env.A = 1;
    const r = [
      process.env.A,
      "A" in process.env,
      delete process.env.A,
      process.env.A,
      "A" in process.env,
    ];
    process.env.U = undefined;
    r.push(process.env.U);
    delete process.env.U;
    return r;
  });
  t("envsym", () => {
    process.env[Symbol("x")] = 1;
  });
  t("envhas", () => process.env.hasOwnProperty("nope"));
  t("envjson", () => {
    process.env.ZZ = "q";
    return JSON.parse(JSON.stringify(process.env)).ZZ;
  });
  t("envdef", () => Object.defineProperty(process.env, "foo", { get() {} }));
  t("umask", () => {
    const a = process.umask(0o77);
    const b = process.umask(a);
    return [a, b];
  });
  t("exitCode", () => {
    process.exitCode = "abc";
  });
  t("exitCode2", () => {
    process.exitCode = 3;
    const r = process.exitCode;
    process.exitCode = undefined;
    return [r, process.exitCode];
  });
  t("kill", () => process.kill("x"));
  t("killsig", () => process.kill(1, "NOPE"));
  t("nextTick", () => process.nextTick());
  t("emitWarning", () => process.emitWarning());
  t("title", () => typeof process.title);
  t("builtin", () => [
    process.getBuiltinModule("fs") === require("fs"),
    process.getBuiltinModule("nope"),
  ]);
  t("features", () => Object.keys(process.features).length > 5);
  t("ids", () => [
    typeof process.getuid(),
    typeof process.getgid(),
    Array.isArray(process.getgroups()),
    process.geteuid() === process.getuid(),
  ]);
  t("cwd", () => {
    const c = process.cwd();
    process.chdir("/tmp");
    const d = process.cwd();
    process.chdir(c);
    return d;
  });
  t("chdirmiss", () => process.chdir("/nope-nope"));
  t("argv", () => [
    Array.isArray(process.argv),
    process.argv.length >= 1,
    Array.isArray(process.execArgv),
  ]);
  t("std", () => [
    process.stdout.fd,
    process.stderr.fd,
    process.stdout.writable,
    process.stdin.fd,
  ]);
  t(
    "req",
    () => require("process") === process && require("node:process") === process,
  );
  t("setenv", () => typeof process.loadEnvFile);
  t("keys", () =>
    [
      "stdout",
      "stdin",
      "stderr",
      "abort",
      "exit",
      "nextTick",
      "hrtime",
      "umask",
      "cwd",
      "emitWarning",
      "allowedNodeEnvironmentFlags",
      "config",
      "title",
      "pid",
      "ppid",
      "execPath",
      "debugPort",
      "argv0",
      "report",
      "setSourceMapsEnabled",
      "finalization",
      "availableMemory",
      "constrainedMemory",
      "getActiveResourcesInfo",
      "domain",
      "_exiting",
      "moduleLoadList",
      "dlopen",
      "ref",
      "unref",
      "threadCpuUsage",
      "setegid",
    ].filter((k) => !(k in process)),
  );
  // order
  const order = [];
  await new Promise((done) => {
    setTimeout(() => {
      order.push("timeout");
    }, 1);
    setTimeout(() => {
      order.push("timeout2");
      process.nextTick(() => order.push("tt"));
      Promise.resolve().then(() => order.push("tp"));
    }, 20);
    setTimeout(done, 40);
    setImmediate(() => {
      order.push("immediate");
      process.nextTick(() => order.push("it"));
      Promise.resolve().then(() => order.push("ip"));
    });
    setImmediate(() => order.push("immediate2"));
    process.nextTick(() => {
      order.push("tick1");
      process.nextTick(() => order.push("tick2"));
      Promise.resolve().then(() => order.push("p-in-tick"));
    });
    Promise.resolve()
      .then(() => {
        order.push("p1");
        process.nextTick(() => order.push("tick-in-p"));
      })
      .then(() => order.push("p2"))
      .then(() => order.push("p3"));
    queueMicrotask(() => order.push("micro"));
    order.push("sync");
  });
  out.push(["order", order.filter((x) => x !== "timeout")]);
  const o2 = [];
  await null;
  process.nextTick(() => o2.push("tick"));
  Promise.resolve()
    .then(() => o2.push("p"))
    .then(() => o2.push("p2"));
  await new Promise(setImmediate);
  out.push(["order2", o2]);
  return out;
};
