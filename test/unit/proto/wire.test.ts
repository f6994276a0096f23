/** The .proto files: linted, compatible with what was last committed, and generated as they stand. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { globSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { failureReasons } from "../../../proto/errors.ts";
import {
  FailureReason,
  FailureSource,
} from "../../../proto/gen/annex/invoke/v1/invoke.ts";
import { repositoryRoot } from "../../support/paths.ts";

const run = promisify(execFile);
const buf = (...args: string[]) =>
  run(join(repositoryRoot, "node_modules/.bin/buf"), args, {
    cwd: repositoryRoot,
  });
const git = (...args: string[]) => run("git", args, { cwd: repositoryRoot });

test("the .proto files pass buf's STANDARD lint", async () => {
  await buf("lint");
});

test.each(["HEAD", "HEAD~1"])(
  "nothing that %s promised on the wire is broken",
  async (commit) => {
    const isThere = await git("cat-file", "-e", `${commit}:proto/annex`).then(
      () => true,
      () => false, // a repository of one commit, or a shallow clone
    );
    if (isThere)
      await buf(
        "breaking",
        "--against",
        `.git#ref=${commit},subdir=proto`,
        "proto",
      );
  },
);

test("the generated code and the reflection image are those of the .proto files", async () => {
  const folder = await mkdtemp(join(tmpdir(), "annex-gen-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await buf("generate", "--output", folder);
  await buf("build", "-o", join(folder, "proto/gen/image.binpb"));
  const health = "node_modules/grpc-health-check/proto";
  await buf("build", health, "-o", join(folder, "proto/gen/health.binpb"));
  const files = globSync("proto/gen/**/*.*", { cwd: folder });
  expect(files.toSorted()).toEqual(
    globSync("proto/gen/**/*.*", { cwd: repositoryRoot }).toSorted(),
  );
  for (const file of files)
    expect(
      await readFile(join(folder, file)),
      `${file}: run npm run gen`,
    ).toEqual(await readFile(join(repositoryRoot, file)));
});

test("code and wire know the same failure reasons and sources", () => {
  expect(wireNames(FailureReason)).toEqual(
    Object.keys(failureReasons).toSorted(),
  );
  const sources = new Set(
    Object.values(failureReasons).map(({ source }) => source),
  );
  expect(wireNames(FailureSource)).toEqual([...sources].toSorted());
});

function wireNames(numbers: Record<string, number>): string[] {
  return Object.keys(numbers)
    .filter((name) => name !== "UNSPECIFIED")
    .map((name) => name.toLowerCase())
    .toSorted();
}
