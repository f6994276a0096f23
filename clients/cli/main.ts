#!/usr/bin/env node
/** `annex`: argv in, exit code out. */
import process from "node:process";
import { annex } from "./annex.ts";

process.exitCode = await annex(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
