import path from "node:path";
import { expect, it } from "vitest";
import { startTestControlPlane } from "../../../support/controlplane.ts";
import { runAnnex } from "../../../support/terminal.ts";

it("says to keep the master key apart from the backup", async () => {
  const { home } = (await startTestControlPlane()).config;
  const file = path.join(home, "annex.backup");
  const { exit, stdout } = await runAnnex(["backup", file, "--home", home]);
  expect(exit).toBe(0);
  expect(stdout).toContain(
    `keep ${path.join(home, "master.key")} too, in another place`,
  );
});
