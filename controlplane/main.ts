#!/usr/bin/env node
/** The control plane: argv and environment in, exit code out. */
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { AnnexError } from "../proto/errors.ts";

// Before anything large is loaded, so that the next start compiles nothing. The cache lies with the packages, not in the
// machine's temporary folder: what is in it is run, and whoever can write there can change the packages themselves.
enableCompileCache(join(import.meta.dirname, "../node_modules/.cache/annex"));

try {
  const { carryOut } = await import("./orders.ts");
  await carryOut(process.argv.slice(2), process.env);
} catch (error) {
  if (!(error instanceof AnnexError)) throw error;
  process.stderr.write(`controlplane: ${error.message}\n`);
  process.exitCode = 1;
}
