/** The code that the executor's file carries for its scripts, as V8 itself judges it. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { executorNodeFlags } from "../../../../sandboxd/executor-flags.ts";
import type { CodeFound } from "../../../support/library-code.ts";
import { repositoryRoot } from "../../../support/paths.ts";

let found: CodeFound[] = [];
beforeAll(async () => {
  const file = join(repositoryRoot, "test/support/library-code.ts");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...executorNodeFlags, file],
    { maxBuffer: 1024 * 1024 },
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- library-code.ts says no else
  found = JSON.parse(stdout) as CodeFound[];
}, 60_000);

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
