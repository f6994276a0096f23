/** The machine's own groups mounted read-only, as a pod has them. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { repositoryRoot } from "../../../support/paths.ts";

const run = promisify(execFile);

/** In a mount namespace of its own every group file becomes read-only, then Node tells which backend it gets. */
const script = `
  awk '$3 ~ /^cgroup/ { print $2 }' /proc/mounts | while read -r folder; do
    mount -o remount,bind,ro "$folder" || exit 4
  done || exit 4
  exec "$NODE" --input-type=module -e "$PROBE"`;
const probe = `
  import { openLimits } from "./sandboxd/limits/open.ts";
  const log = { info() {}, warn() {} };
  const common = { maxProcesses: 40, maxOpenFiles: 64, log };
  const limits = await openLimits({ ...common, choice: "auto" });
  const refusal = await openLimits({ ...common, choice: "cgroup1" }).catch((error) => error);
  console.log(JSON.stringify({ name: limits.name, code: refusal.code, message: refusal.message }));
  await limits.close();`;

test("looks after memory itself where the machine's groups are read-only", async () => {
  const { stdout } = await run(
    "unshare",
    ["--mount", "--map-root-user", "/bin/sh", "-c", script],
    {
      cwd: repositoryRoot,
      env: {
        PATH: process.env["PATH"],
        NODE: process.execPath,
        PROBE: probe,
      },
    },
  );
  expect(JSON.parse(stdout)).toMatchObject({
    name: "rlimit",
    code: "precondition",
    message: expect.stringMatching(
      /limits by cgroup1 cannot be had here: no (memory limit|cgroup v1)/,
    ),
  });
});
