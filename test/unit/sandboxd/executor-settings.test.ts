import { expect, test } from "vitest";
import { executorSettingsOf } from "../../../sandboxd/executor-settings.ts";
import { settingsOf } from "./cache/support.ts";

const host = {
  heapLimitMb: 128,
  memoryMb: 384,
  cpuPercent: 100,
  maxExecutorsPerContainer: 2,
};

test("a container has the host's limits but for its own", () => {
  const defaults = {
    heapLimitMb: 128,
    memoryMb: 384,
    cpuPercent: 100,
    maxExecutors: 2,
    trustGroup: "",
  };
  expect(executorSettingsOf(host, undefined)).toEqual(defaults);
  expect(executorSettingsOf(host, settingsOf("acme"))).toEqual(defaults);
  const limits = { heapMb: 256, memoryMb: 512, cpuPercent: 50 };
  const own = settingsOf("acme", { trustGroup: "ours", limits });
  expect(executorSettingsOf(host, own)).toEqual({
    heapLimitMb: 256,
    memoryMb: 512,
    cpuPercent: 50,
    maxExecutors: 2,
    trustGroup: "ours",
  });
});

test.each([
  ["its own heap is large for the host's memory", { heapMb: 1024 }, 1088],
  ["its own memory is small for the host's heap", { memoryMb: 128 }, 192],
  ["both are its own", { heapMb: 100, memoryMb: 164 }, 164],
])("an executor has room for its heap where %s", (_, limits, memoryMb) => {
  const own = settingsOf("acme", { limits });
  expect(executorSettingsOf(host, own)).toMatchObject({ memoryMb });
});
