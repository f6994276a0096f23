/** One Annex for all tests of a file, where their order does not matter. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestAnnex, type AnnexOptions } from "./annex.ts";

/** Starts both daemons, for `beforeAll`; give `closeAnnex` what comes of it in `afterAll`. */
export async function openAnnex(
  options: AnnexOptions = {},
): Promise<TestAnnex> {
  const home = await mkdtemp(join(tmpdir(), "annex-"));
  const annex = new TestAnnex(home, options);
  await annex.startControlPlane();
  await annex.join();
  await annex.startSandboxd();
  return annex;
}

/** Ends the daemons and removes their folder; nothing where none was started. */
export async function closeAnnex(annex: TestAnnex | undefined): Promise<void> {
  await annex?.close();
  if (annex) await rm(annex.home, { recursive: true, force: true });
}
