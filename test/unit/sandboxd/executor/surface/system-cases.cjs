// What `process` does by asking the system: signals, masks, folders, reports; the same in plain Node.
/* oxlint-disable -- written as programs are, odd ones included */
const told = (error) => [error.name, error.code, error.message];
const attempt = (work) => {
  try {
    return work();
  } catch (error) {
    return told(error);
  }
};
const ways = {
  "signals of its own": async () => {
    const heard = [];
    const listener = (...given) => heard.push(given);
    process.on("SIGUSR1", listener);
    const sent = process.kill(process.pid, "SIGUSR1");
    const before = heard.length;
    while (heard.length === 0) await new Promise(setImmediate);
    process.off("SIGUSR1", listener);
    return [sent, before, heard];
  },
  "signals that end nobody": () => [
    process.kill(process.pid, 0),
    process.kill(process.pid, "SIGWINCH"),
    process.kill(process.pid, "SIGCHLD"),
    process._kill(process.pid, 0),
  ],
  "signals to nobody": () => attempt(() => process.kill(999_999, 0)),
  "signals that are none": () => [
    attempt(() => process.kill("x")),
    attempt(() => process.kill(process.pid, "NONSENSE")),
    attempt(() => process.kill(process.pid, 1000)),
  ],
  umask: () => {
    const before = process.umask("77");
    return [
      process.umask(before).toString(8),
      attempt(() => process.umask("nonsense")),
      attempt(() => process.umask(-1)),
      attempt(() => process.umask({})),
    ];
  },
  chdir: () => [
    attempt(() => process.chdir()),
    attempt(() => process.chdir(1)),
    attempt(() => process.chdir("/surely/not/there")),
  ],
  "bindings that are none": () => [
    attempt(() => process.binding("nonsense")),
    attempt(() => process._linkedBinding("nonsense")),
    Object.keys(process.binding("constants")),
    typeof process.binding("util").isDate,
    process.binding("uv").UV_EINVAL,
  ],
  "ref and unref": () => {
    const seen = [];
    process.ref({ ref: () => seen.push("ref") });
    process.unref({ unref: () => seen.push("unref") });
    process.ref({ [Symbol.for("nodejs.ref")]: () => seen.push("symbol") });
    process.ref(undefined);
    process.unref({});
    return seen;
  },
  flags: () => {
    const flags = process.allowedNodeEnvironmentFlags;
    return [
      flags.has("--max-old-space-size"),
      flags.has("max_old_space_size=7"),
      flags.has("--no-warnings"),
      flags.has("--nonsense"),
      flags.add("--nonsense") === flags,
      flags.has("--nonsense"),
      // Node names some twice.
      [...new Set(flags)],
    ];
  },
  "source maps": () => {
    const before = process.sourceMapsEnabled;
    process.setSourceMapsEnabled(true);
    const on = process.sourceMapsEnabled;
    process.setSourceMapsEnabled(false);
    return [
      before,
      on,
      process.sourceMapsEnabled,
      attempt(() => process.setSourceMapsEnabled(1)),
    ];
  },
  report: () => {
    const report = process.report.getReport(new Error("because"));
    return [
      Object.keys(process.report),
      process.report.compact,
      process.report.signal,
      process.report.directory,
      attempt(() => (process.report.compact = 1)),
      attempt(() => (process.report.signal = "NONSENSE")),
      report.header.event,
      report.header.nodejsVersion,
      report.javascriptStack.message,
      typeof report.javascriptHeap.usedMemory,
    ];
  },
  "what is active": () => {
    const of = (name) =>
      process.getActiveResourcesInfo().filter((one) => one === name).length;
    const before = [of("Timeout"), of("Immediate")];
    const timeout = setTimeout(() => undefined, 1000);
    const other = setTimeout(() => undefined, 1000).unref();
    const interval = setInterval(() => undefined, 1000);
    const immediate = setImmediate(() => undefined);
    const during = [of("Timeout"), of("Immediate")];
    clearTimeout(timeout);
    clearTimeout(other);
    clearInterval(interval);
    clearImmediate(immediate);
    return [before, during, of("Timeout"), of("Immediate")];
  },
  "what is loaded": () => {
    const { moduleLoadList: list } = process;
    require("path");
    return [
      list.includes("NativeModule path"),
      list.includes("NativeModule nonsense"),
    ];
  },
  "ticks at once": () => {
    const seen = [];
    process.nextTick(() => seen.push("tick"));
    process._tickCallback();
    return seen;
  },
  "what it is": () => [
    process.release,
    process._preload_modules,
    process._startProfilerIdleNotifier(),
    process._stopProfilerIdleNotifier(),
  ],
};

module.exports = async () => {
  const outcomes = [];
  for (const [name, run] of Object.entries(ways)) {
    try {
      outcomes.push([name, (await run()) ?? "undefined"]);
    } catch (error) {
      outcomes.push([name, "threw", ...told(error)]);
    }
  }
  return outcomes;
};
