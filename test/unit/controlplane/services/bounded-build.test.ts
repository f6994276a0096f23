import { expect, test } from "vitest";
import { boundedBuild } from "../../../../controlplane/services/bounded-build.ts";

test("builds no more at once than it was told, and refuses what cannot wait", async () => {
  let running = 0;
  let most = 0;
  const gate = Promise.withResolvers<void>();
  const build = boundedBuild(
    async () => {
      running += 1;
      most = Math.max(most, running);
      await gate.promise;
      running -= 1;
      const bytes = new Uint8Array();
      return {
        content: bytes,
        sourceMap: bytes,
        digest: "",
        runtime: "",
        entry: "",
      };
    },
    { running: 2, waiting: 3 },
  );
  const source = { files: [], entry: "" };
  const admitted = Array.from({ length: 5 }, () => build(source));
  await expect(build(source)).rejects.toMatchObject({ code: "unavailable" });
  gate.resolve();
  await Promise.all(admitted);
  expect(most).toBe(2);
});
