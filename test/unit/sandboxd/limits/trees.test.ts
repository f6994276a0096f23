/** Every backend over trees laid out as machines and pods have them. The processes that are tried in them are real. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Limits } from "../../../../sandboxd/limits/limits.ts";
import { openLimits } from "../../../../sandboxd/limits/open.ts";
import {
  fakeTree,
  statText,
  type FakeTree,
  type FakeTreeOptions,
} from "./fake-tree.ts";

const pid = String(process.pid);
const enclosed = { memoryMb: 384, cpuPercent: 150 };

/** A container to which cgroup v2 is delegated, with us and the shell that started us in it. */
const delegated: FakeTreeOptions = {
  groups: ["0::/"],
  mounts: [["cg", "/", "cgroup2", "rw"]],
  content: {
    "cg/cgroup.controllers": "cpuset cpu io memory pids\n",
    "cg/cgroup.subtree_control": "",
    "cg/cgroup.procs": `1\n${pid}\n`,
  },
};

const v1: FakeTreeOptions = {
  groups: ["8:pids:/", "4:memory:/box", "1:cpu,cpuacct:/box"],
  mounts: [
    ["memory", "/", "cgroup", "memory"],
    ["cpu", "/", "cgroup", "cpu,cpuacct"],
    ["pids", "/", "cgroup", "pids"],
  ],
  content: {
    "memory/box/cgroup.procs": pid,
    "cpu/box/cgroup.procs": pid,
    "pids/cgroup.procs": pid,
  },
};

test("takes cgroup v2 first, moves itself out of the way and writes every limit", async () => {
  const tree = fakeTree(delegated);
  const limits = await open(tree);
  expect(limits.name).toBe("cgroup2");
  expect(wordsOf(tree.read("cg/cgroup.procs"))).toEqual([]);
  expect(wordsOf(tree.read("cg/annex-supervisor/cgroup.procs"))).toEqual([
    pid,
    "1",
  ]);
  expect(tree.read("cg/cgroup.subtree_control")).toBe("memory cpu pids");
  const enclosure = limits.enclose(enclosed);
  const group = join("cg", runIn(tree, "cg"), "1");
  expect(tree.read(group, "memory.max")).toBe(String(384 * 1024 * 1024));
  expect(tree.read(group, "memory.swap.max")).toBe("0");
  expect(tree.read(group, "memory.oom.group")).toBe("1");
  expect(tree.read(group, "cpu.max")).toBe("30000 20000");
  expect(tree.read(group, "pids.max")).toBe("40");
  enclosure.confine({ memoryMb: 512, cpuPercent: 2 });
  await expect.poll(() => tree.read(group, "cpu.max")).toBe("1000 50000");
  expect(tree.read(group, "memory.max")).toBe(String(512 * 1024 * 1024));
  expect(enclosure.isOutOfMemory()).toBe(false);
  tree.write("low 0\noom 3\noom_kill 2\n", group, "memory.events");
  expect(enclosure.isOutOfMemory()).toBe(true);
  enclosure.release();
  await limits.close();
  expect(enclosure.isOutOfMemory()).toBe(true);
  expect(runsIn(tree, "cg")).toEqual([]);
});

test("finds its way out of the leaf of the sandboxd that started it", async () => {
  const tree = fakeTree({
    ...delegated,
    groups: ["0::/annex-supervisor"],
    content: {
      "cg/cgroup.controllers": "memory",
      "cg/cgroup.subtree_control": "memory",
      "cg/annex-supervisor/cgroup.procs": `7\n${pid}\n`,
    },
  });
  const limits = await open(tree);
  expect(limits.name).toBe("cgroup2");
  expect(runsIn(tree, "cg")).toHaveLength(1);
  await limits.close();
});

test("does not move others' processes about in a group that is not all of a container", async () => {
  const tree = fakeTree({
    ...delegated,
    groups: ["0::/session"],
    content: {
      "cg/session/cgroup.controllers": "memory",
      "cg/session/cgroup.subtree_control": "",
      "cg/session/cgroup.procs": `4711\n${pid}`,
    },
  });
  await expect(open(tree, "cgroup2")).rejects.toThrow(
    /cannot have .* for itself: start it in a group of its own/,
  );
  expect(wordsOf(tree.read("cg/session/cgroup.procs"))).toEqual(["4711", pid]);
  expect(existsSync(tree.path("cg/session/annex-supervisor"))).toBe(false);
});

test("bounds memory alone where cgroup v2 hands down nothing else, and says so", async () => {
  const tree = fakeTree({
    ...delegated,
    content: {
      ...delegated.content,
      "cg/cgroup.controllers": "memory",
    },
  });
  const limits = await open(tree);
  expect(limits.name).toBe("cgroup2");
  expect(limits.holds.cpu).toMatch(/^nothing/);
  expect(limits.holds.processes).toMatch(/memory they need/);
  await limits.close();
});

test("takes cgroup v1 where v2 has no memory controller, in each hierarchy below its own group", async () => {
  const tree = fakeTree({
    ...v1,
    groups: [...v1.groups, "0::/"],
    mounts: [...v1.mounts, ["unified", "/", "cgroup2", "rw"]],
    content: { ...v1.content, "unified/cgroup.controllers": "hugetlb\n" },
  });
  const limits = await open(tree);
  expect(limits.name).toBe("cgroup1");
  const enclosure = limits.enclose(enclosed);
  const memory = join("memory/box", runIn(tree, "memory/box"), "1");
  const cpu = join("cpu/box", runIn(tree, "cpu/box"), "1");
  const pids = join("pids", runIn(tree, "pids"), "1");
  const bytes = String(384 * 1024 * 1024);
  expect(tree.read(memory, "memory.limit_in_bytes")).toBe(bytes);
  expect(tree.read(memory, "memory.memsw.limit_in_bytes")).toBe(bytes);
  expect(tree.read(cpu, "cpu.cfs_quota_us")).toBe("30000");
  expect(tree.read(cpu, "cpu.cfs_period_us")).toBe("20000");
  expect(tree.read(pids, "pids.max")).toBe("40");
  expect(enclosure.wrap(["run"])).toEqual(
    expect.arrayContaining([tree.path(memory), tree.path(cpu), "run"]),
  );
  tree.write("under_oom 0\noom_kill 1\n", memory, "memory.oom_control");
  expect(enclosure.isOutOfMemory()).toBe(true);
  enclosure.release();
  await limits.close();
  for (const folder of ["memory/box", "cpu/box", "pids"])
    expect(runsIn(tree, folder)).toEqual([]);
});

test("keeps cgroup v1's memory limit where the CPU's tree is read-only, and says so", async () => {
  const tree = fakeTree({ ...v1, readOnly: ["cpu"] });
  const info = vi.fn<(fields: object, message: string) => void>();
  const limits = await open(tree, "auto", info);
  const { name, holds } = limits;
  expect(name).toBe("cgroup1");
  expect(info).toHaveBeenLastCalledWith(
    { limits: name, holds },
    "limits stand",
  );
  expect(limits.holds.cpu).toMatch(/^nothing/);
  expect(limits.holds.processes).toMatch(/^pids.max/);
  await limits.close();
});

test("falls back to looking where the trees are read-only, as in an ordinary pod", async () => {
  const tree = fakeTree({ ...delegated, readOnly: ["cg"] });
  const limits = await open(tree);
  expect(limits.name).toBe("rlimit");
  expect(limits.holds.cpu).toMatch(/nice/);
  await limits.close();
  const old = fakeTree({ ...v1, readOnly: ["memory", "cpu", "pids"] });
  const oldLimits = await open(old);
  expect(oldLimits.name).toBe("rlimit");
  await oldLimits.close();
});

test("takes what another does not have only by its name, and says what is missing", async () => {
  const nothing: FakeTreeOptions = { groups: [], mounts: [] };
  await expect(open(fakeTree(nothing), "cgroup2")).rejects.toMatchObject({
    code: "precondition",
    message: expect.stringContaining("cgroup v2 is not mounted"),
  });
  await expect(open(fakeTree(nothing), "cgroup1")).rejects.toMatchObject({
    code: "precondition",
    message: expect.stringContaining("memory controller"),
  });
  await expect(
    open(fakeTree({ ...v1, readOnly: ["memory"] }), "cgroup1"),
  ).rejects.toMatchObject({
    code: "precondition",
    message: expect.stringContaining("EROFS"),
  });
  const chosen = await open(fakeTree(delegated), "rlimit");
  expect(chosen.name).toBe("rlimit");
  await chosen.close();
});

test("removes what a killed sandboxd left, and nothing else", async () => {
  const tree = fakeTree(v1);
  const dead = "annex-4026531836-77-500-00ff";
  const reused = "annex-4026531836-78-500-00ff";
  const alive = "annex-4026531836-79-500-00ff";
  const elsewhere = "annex-4026539999-77-500-00ff";
  tree.write(statText(78, 900), "proc/78/stat");
  tree.write(statText(79, 500), "proc/79/stat");
  for (const name of [dead, reused, alive, elsewhere, "annexe"])
    tree.write("", "memory/box", name, "3", "cgroup.procs");
  const limits = await open(tree);
  await limits.close();
  expect(runsIn(tree, "memory/box")).toEqual([alive, elsewhere, "annexe"]);
});

test("a process that ends while its memory is being taken back harms nobody else", async () => {
  const tree = fakeTree(v1);
  const { files } = tree;
  const busy = Object.assign(new Error("EBUSY"), { code: "EBUSY" });
  const limits = await open({
    ...tree,
    files: { ...files, writeLater: () => Promise.reject(busy) },
  });
  onTestFinished(() => limits.close());
  const unhandled = vi.fn<(reason: unknown) => void>();
  process.on("unhandledRejection", unhandled);
  onTestFinished(() => void process.off("unhandledRejection", unhandled));
  const enclosure = limits.enclose(enclosed);
  const { pid: gone } = spawnSync("/bin/true");
  enclosure.started(gone);
  enclosure.confine({ memoryMb: 128, cpuPercent: 100 });
  await expect.poll(() => enclosure.isOutOfMemory()).toBe(true);
  // Node tells of rejections between two turns of its loop.
  await nextTurn();
  expect(unhandled).not.toHaveBeenCalled();
  enclosure.release();
});

function open(
  tree: FakeTree,
  choice: "auto" | Limits["name"] = "auto",
  info: (fields: object, message: string) => void = () => undefined,
): Promise<Limits> {
  return openLimits({
    choice,
    files: tree.files,
    maxProcesses: 40,
    maxOpenFiles: 256,
    log: { info, warn: () => undefined },
  });
}

function runsIn(tree: FakeTree, folder: string): string[] {
  return readdirSync(tree.path(folder))
    .filter((name) => /^annex(?!-supervisor)/.test(name))
    .toSorted();
}

function runIn(tree: FakeTree, folder: string): string {
  const [name = ""] = runsIn(tree, folder);
  return name;
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}
