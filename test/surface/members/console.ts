import nodeConsole from "node:console";
import { PassThrough } from "node:stream";
import { inspect } from "node:util";
import { instance, thrown, type Check, type Surface } from "../check.ts";

interface Written {
  console: typeof nodeConsole;
  /** What has come out, on either side. */
  written: () => string[];
}

function made(): Written {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const console = new nodeConsole.Console({
    stdout: out,
    stderr: err,
    groupIndentation: 3,
  });
  return {
    console,
    written: () => [String(out.read() ?? ""), String(err.read() ?? "")],
  };
}

/** What a method writes, once by a console of its own and once to nobody by the global one. */
function writing(
  use: (console: typeof nodeConsole, probe: object) => unknown,
): Check {
  return () => {
    const { console, written } = made();
    let looks = 0;
    // Where the global one writes is not to be seen here; that it looks at what it is given, is.
    const probe = {
      [inspect.custom]: () => {
        looks += 1;
        return "probe";
      },
    };
    const value = use(console, probe);
    use(nodeConsole, probe);
    return [value, written(), looks];
  };
}

/** Times are nobody's to compare. */
function timing(use: (console: typeof nodeConsole) => unknown): Check {
  return () => {
    const { console, written } = made();
    use(console);
    use(nodeConsole);
    return written().map((text) => text.replaceAll(/[\d.]+m?s/g, "<time>"));
  };
}

export const surface: Surface = {
  module: "console",
  checks: {
    log: writing((console, probe) =>
      console.log("%s is %d", "a", 1, { b: [1] }, probe),
    ),
    info: writing((console, probe) =>
      console.info("told", new Map([[1, 2]]), probe),
    ),
    debug: writing((console, probe) => console.debug("shown", probe)),
    warn: writing((console, probe) => console.warn("careful", null, probe)),
    error: writing((console, probe) => console.error("bad %o", [1], probe)),
    dir: writing((console) =>
      console.dir({ a: { b: { c: {} } } }, { depth: 0 }),
    ),
    dirxml: writing((console, probe) => console.dirxml({ a: 1 }, [2], probe)),
    time: timing((console) => {
      console.time("t");
      console.timeEnd("t");
    }),
    timeEnd: timing((console) => {
      console.time("t");
      console.timeEnd("t");
    }),
    timeLog: timing((console) => {
      console.time("t");
      console.timeLog("t", "so far", 1);
      console.timeEnd("t");
    }),
    timeStamp: () => nodeConsole.timeStamp("t"),
    profile: () => nodeConsole.profile("p"),
    profileEnd: () => nodeConsole.profileEnd("p"),
    trace: () => {
      const { console, written } = made();
      console.trace("here %d", 1);
      return written()[1]?.split("\n")[0];
    },
    assert: writing((console, probe) => {
      console.assert(true, "unseen");
      console.assert(false, "seen %O", probe);
      console.assert(false, "seen %s", "too");
      console.assert(false);
    }),
    clear: writing((console) => console.clear()),
    count: writing((console) => {
      console.count();
      console.count("c");
      console.count("c");
      console.countReset("c");
      console.countReset();
    }),
    countReset: writing((console) => {
      console.count("r");
      console.countReset("r");
      console.count("r");
      console.countReset("r");
    }),
    group: writing((console, probe) => {
      console.group("outer", probe);
      console.log("inner\nlines");
      console.groupEnd();
      console.log("after");
    }),
    groupEnd: writing((console) => {
      console.groupEnd();
      console.log("flat");
    }),
    groupCollapsed: writing((console, probe) => {
      console.groupCollapsed("folded", probe);
      console.warn("inner");
      console.groupEnd();
    }),
    table: writing((console, probe) => {
      console.table([probe]);
      console.table([
        { a: 1, b: "x" },
        { a: 2, c: true },
      ]);
      console.table([[1, 2]], ["1"]);
      console.table(new Map([["k", 1]]));
      console.table("no table");
    }),
    Console: () => {
      const { console, written } = made();
      console.log("through");
      return [
        written(),
        console instanceof nodeConsole.Console,
        nodeConsole instanceof nodeConsole.Console,
        thrown(() => instance(nodeConsole, "Console", {})),
      ];
    },
    context: () =>
      Object.keys(Object(Reflect.get(nodeConsole, "context"))).length,
    createTask: () => {
      const task = Reflect.get(nodeConsole, "createTask")("surface");
      return task.run(() => "ran");
    },
  },
};
