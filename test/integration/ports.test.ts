/** A port that somebody else has is said in one line, with what to do. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startDaemon } from "../support/daemon.ts";
import { executorFile } from "../support/paths.ts";

test.each([
  ["controlplane/main.ts", "--grpc-port", ["--http-port", "0"]],
  ["controlplane/main.ts", "--http-port", ["--grpc-port", "0"]],
  ["sandboxd/main.ts", "--run-port", ["--executor-file", executorFile]],
] as const)("%s with a taken %s says so and ends", async (main, flag, more) => {
  const home = await mkdtemp(join(tmpdir(), "annex-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const taken = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void taken.close());
  await once(taken, "listening");
  const address = taken.address();
  const port = typeof address === "object" ? address?.port : 0;
  const starting = startDaemon(main, [
    "--home",
    home,
    flag,
    `${port}`,
    ...more,
  ]);
  await expect(starting).rejects.toThrow(
    /cannot listen on 127\.0\.0\.1[: ](port )?\d+; choose another port or end what uses it\n$/,
  );
});
