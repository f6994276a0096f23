import * as processes from "node:child_process";
import { thrown, unavailable, member, type Surface } from "../check.ts";

/** Waits for the error that Node gives where a program does not start. */
function failureOf(child: processes.ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
}

/** Nothing is started from within the walls; that it loads, checks its arguments and says so is what can be had. */
export const surface: Surface = {
  module: "child_process",
  checks: {
    ChildProcess: () => {
      const made = new processes.ChildProcess();
      return [
        made instanceof processes.ChildProcess,
        made.killed,
        made.exitCode,
        thrown(() => member(made, "spawn")()),
      ];
    },
    _forkChild: unavailable(() => member(processes, "_forkChild")(3, 1)),
    exec: unavailable(() => failureOf(processes.exec("echo hello"))),
    execFile: unavailable(() => failureOf(processes.execFile("/bin/echo"))),
    execFileSync: unavailable(() => processes.execFileSync("/bin/echo")),
    execSync: unavailable(() => processes.execSync("echo hello")),
    fork: unavailable(() => failureOf(processes.fork("/nothing.js"))),
    spawn: unavailable(() => failureOf(processes.spawn("/bin/echo"))),
    spawnSync: unavailable(() => {
      const { error } = processes.spawnSync("/bin/echo");
      if (error) throw error;
      return "started";
    }),
  },
};
