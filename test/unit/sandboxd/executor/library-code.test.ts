/** The library's scripts: the code that the executor's file carries for them, as V8 judges it, and whose time they take. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { executorNodeFlags } from "../../../../sandboxd/executor-flags.ts";
import type { CodeFound } from "../../../support/library-code.ts";
import { repositoryRoot } from "../../../support/paths.ts";

let found: CodeFound[] = [];
beforeAll(async () => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- library-code.ts says no else
  found = (await said("library-code.ts")) as CodeFound[];
}, 60_000);

/** What a program of test/support tells as JSON, run as an executor is. */
async function said(program: string): Promise<unknown> {
  const file = join(repositoryRoot, "test/support", program);
  const parameters = [...executorNodeFlags, file];
  const maxBuffer = 1024 * 1024;
  const run = promisify(execFile)(process.execPath, parameters, { maxBuffer });
  return JSON.parse((await run).stdout);
}

test("V8 takes the code of every script", () => {
  expect(found.length).toBeGreaterThan(300);
  expect(found.filter(({ isTaken }) => !isTaken)).toEqual([]);
});

test.each([
  "runtime",
  "buffer",
  "internal/util/inspect",
  "internal/streams/readable",
  "binding:buffer",
  "package:fetch",
])("the code of %s holds functions that programs come to run", (name) => {
  const code = found.find((one) => one.name === name);
  expect(code?.bytes).toBeGreaterThan(1.3 * (code?.bareBytes ?? Infinity));
});

test("the time that the library takes is none of an entry's, up to a bound", async () => {
  expect(await said("slow-library.ts")).toEqual([
    "returned",
    "returned",
    "timeout",
  ]);
}, 30_000);
