import { expect, test } from "vitest";
import { findHierarchies } from "../../../../sandboxd/limits/hierarchies.ts";
import { readMemoryLimit } from "../../../../sandboxd/limits/memory-limit.ts";
import { fakeTree, type FakeTreeOptions } from "./fake-tree.ts";

const mb = 1024 * 1024;
const unlimited = "9223372036854771712";

const cases: [string, FakeTreeOptions, number][] = [
  [
    "the machine's memory where there are no groups",
    { groups: [], mounts: [], totalKb: 2048 * 1024 },
    2048,
  ],
  [
    "cgroup v2's own limit",
    {
      groups: ["0::/"],
      mounts: [["cg", "/", "cgroup2", "rw"]],
      content: { "cg/memory.max": `${512 * mb}\n` },
    },
    512,
  ],
  [
    'no limit where cgroup v2 says "max"',
    {
      groups: ["0::/"],
      mounts: [["cg", "/", "cgroup2", "rw"]],
      content: { "cg/memory.max": "max\n" },
    },
    8192,
  ],
  [
    "the smallest of the groups around ours",
    {
      groups: ["0::/kubepods/pod1/box"],
      mounts: [["cg", "/", "cgroup2", "rw"]],
      content: {
        "cg/kubepods/memory.max": `${4096 * mb}\n`,
        "cg/kubepods/pod1/memory.max": `${700 * mb}\n`,
        "cg/kubepods/pod1/box/memory.max": `${900 * mb}\n`,
      },
    },
    700,
  ],
  [
    "cgroup v1's own limit, beside a huge one above",
    {
      groups: ["4:cpu:/", "3:memory:/docker/box"],
      mounts: [
        ["cpu", "/", "cgroup", "cpu,cpuacct"],
        ["memory", "/", "cgroup", "memory"],
      ],
      content: {
        "memory/memory.limit_in_bytes": unlimited,
        "memory/docker/memory.limit_in_bytes": unlimited,
        "memory/docker/box/memory.limit_in_bytes": `${300 * mb}\n`,
      },
    },
    300,
  ],
  [
    "what cgroup v1 tells of groups that cannot be seen",
    {
      groups: ["3:memory:/docker/box"],
      mounts: [["memory", "/docker/box", "cgroup", "memory"]],
      content: {
        "memory/memory.limit_in_bytes": unlimited,
        "memory/memory.stat": `cache 0\nhierarchical_memory_limit ${640 * mb}\n`,
      },
    },
    640,
  ],
  [
    "the top where our own group cannot be seen",
    {
      groups: ["0::/../../elsewhere"],
      mounts: [["cg", "/", "cgroup2", "rw"]],
      content: { "cg/memory.max": `${256 * mb}\n` },
    },
    256,
  ],
  [
    "the smaller of both versions",
    {
      groups: ["3:memory:/", "0::/"],
      mounts: [
        ["memory", "/", "cgroup", "memory"],
        ["unified", "/", "cgroup2", "rw"],
      ],
      content: {
        "memory/memory.limit_in_bytes": `${900 * mb}`,
        "unified/memory.max": `${800 * mb}`,
      },
    },
    800,
  ],
];

test.each(cases)("the memory limit is %s", (_, options, expectedMb) => {
  const { files } = fakeTree(options);
  const bytes = readMemoryLimit(files, findHierarchies(files));
  expect(bytes / mb).toBe(expectedMb);
});

test("finds hierarchies in folders with blanks", () => {
  const { files, write, path } = fakeTree({
    groups: ["0::/"],
    mounts: [],
  });
  write(
    `31 23 0:28 / ${path("my\\040groups")} rw - cgroup2 cgroup2 rw`,
    "proc/self/mountinfo",
  );
  expect(findHierarchies(files).unified?.ownFolder).toBe(path("my groups"));
});
