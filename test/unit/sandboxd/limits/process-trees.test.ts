import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { parseStat } from "../../../../sandboxd/limits/process-stat.ts";
import { ProcessTrees } from "../../../../sandboxd/limits/process-trees.ts";
import { childrenOf, residentBytes } from "../../../support/processes.ts";

test("finds what a process has started, and what that has, and sums what they have in RAM", async () => {
  const { trees, tree, pid } = await watched(
    "sleep 60 & (sleep 60; true); wait",
  );
  await expect
    .poll(() => {
      trees.find();
      return tree.processes.size;
    })
    .toBe(4);
  const pids = [...tree.processes.keys()];
  expect(pids[0]).toBe(pid);
  const sum = (await Promise.all(pids.map(residentBytes))).reduce(
    (total, bytes) => total + bytes,
    0,
  );
  const seen = trees.residentBytes(tree);
  expect(Math.abs(seen - sum)).toBeLessThan(2 * 1024 * 1024);
  trees.kill(tree);
  await expect.poll(() => pids.filter(isRunning)).toEqual([]);
});

test("takes for its own what a process started before it was known, and was seen to have", async () => {
  const { trees, child } = await watched("sleep 60");
  const other = await shell("sleep 60 & (sleep 60 & wait) & wait");
  await expect
    .poll(async () => {
      const children = await childrenOf(other.pid);
      const below = await Promise.all(children.map(childrenOf));
      return [...children, ...below.flat()];
    })
    .toHaveLength(3);
  trees.find();
  const tree = trees.add(other.pid, other.startTicks);
  trees.find();
  expect(tree.processes.size).toBe(4);
  trees.kill(tree);
  expect(child.signalCode).toBeNull();
});

test("leaves alone what has the pid of a process that is gone", async () => {
  const { trees, pid } = await watched("sleep 60");
  const stranger = trees.add(pid, "1");
  expect(stranger.processes.size).toBe(0);
  expect(trees.residentBytes(stranger)).toBe(0);
  trees.kill(stranger);
  expect(isRunning(pid)).toBe(true);
});

test("forgets a process that is gone", async () => {
  const { trees, tree, child } = await watched("read end");
  await expect.poll(() => trees.residentBytes(tree)).toBeGreaterThan(0);
  child.stdin.end("\n");
  await once(child, "exit");
  expect(trees.residentBytes(tree)).toBe(0);
  expect(tree.processes.size).toBe(0);
  trees.kill(tree);
});

test("reads a process whose name looks like the rest of its line", () => {
  const before = Array.from({ length: 17 }, () => "0").join(" ");
  expect(parseStat(`42 (a) R 1 (b) S 7 ${before} 1234 99 55 0`)).toEqual({
    pid: 42,
    parentPid: 7,
    startTicks: "1234",
    residentPages: 55,
  });
  expect(parseStat("")).toBeUndefined();
});

/** A shell that runs the script, and the tree that begins with it. */
async function watched(script: string) {
  const { child, pid, startTicks } = await shell(script);
  const trees = new ProcessTrees();
  return { child, pid, trees, tree: trees.add(pid, startTicks) };
}

async function shell(script: string) {
  const child = spawn("/bin/sh", ["-c", script], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  const stat = parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  return { child, pid, startTicks: stat?.startTicks ?? "" };
}

/** Neither gone nor only not yet taken note of. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
