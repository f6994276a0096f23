/** The worst a pod without groups of its own can meet: everything it runs takes memory as fast as it can. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { makeMemoryGroup } from "../../../support/memory-group.ts";

const run = promisify(execFile);
const limitMb = 900;
const reserveMb = 256;
const capMb = 128;

test("bombs started all at once under one limit die one by one, and the kernel kills nobody", async () => {
  const group = makeMemoryGroup(limitMb);
  const start = () =>
    run(process.execPath, [
      join(import.meta.dirname, "bombs.ts"),
      ...[limitMb, reserveMb, capMb].map(String),
    ]);
  const { stdout } = await (group ? group.within(start) : start());
  expect(JSON.parse(stdout)).toEqual({
    endings: ["memory", "memory", "memory", "memory", "memory"],
  });
  console.info(
    group
      ? `5 bombs of ${capMb} MB under ${limitMb} MB: at most ${group.peakMb()} MB in use`
      : "no memory limit can be set on this machine: the bombs were bounded by their budget alone",
  );
  expect(group?.kernelKills() ?? 0).toBe(0);
});
