/** Runs a file of tests in a plain Node of its own: what the isolate is measured against. */
import { fork } from "node:child_process";
import { once } from "node:events";
import {
  failedFile,
  fileMs,
  scriptOf,
  type RunFile,
  type TestPlace,
  type TestResult,
} from "./test-file.ts";

const programFile = new URL("node-program.cjs", import.meta.url);

type Reply = { failure: string } | { results: TestResult[] };

export function createNodeRunner(place: TestPlace): RunFile {
  return async (file) => {
    const child = fork(programFile, [], {
      execArgv: ["--no-warnings"],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), fileMs);
    try {
      child.send(scriptOf(file, place));
      const [reply]: Reply[] = await Promise.race([
        once(child, "message"),
        once(child, "exit").then(([code]) => [
          { failure: `ended with ${String(code)}` },
        ]),
      ]);
      if (reply === undefined) return failedFile("no answer");
      return "failure" in reply ? failedFile(reply.failure) : reply.results;
    } finally {
      clearTimeout(timer);
      child.kill("SIGKILL");
    }
  };
}
