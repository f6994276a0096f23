import { expect, test } from "vitest";
import { readConfig } from "../../../sandboxd/config.ts";

test("a heap for which the process's memory has no room is refused, naming both flags", () => {
  expect(() =>
    readConfig(["--heap-limit-mb", "1024", "--memory-mb", "256"], {}),
  ).toThrow(
    "--memory-mb is 256: with --heap-limit-mb 1024 it is at least 1088",
  );
  expect(() => readConfig(["--heap-limit-mb", "321"], {})).toThrow(
    "--memory-mb is 384: with --heap-limit-mb 321 it is at least 385",
  );
  const flags = ["--heap-limit-mb", "1024", "--memory-mb", "1088"];
  expect(readConfig(flags, {})).toMatchObject({ memoryMb: 1088 });
});
