#!/usr/bin/env node
/** sandboxd: argv and environment in, exit code out. */
import { join } from "node:path";
import { pino } from "pino";
import { AnnexError } from "../proto/errors.ts";
import { readConfig } from "./config.ts";
import { startSandboxd } from "./sandboxd.ts";

try {
  const config = readConfig(process.argv.slice(2), process.env);
  const log = pino({ level: config.logLevel }, pino.destination(2));
  const sandboxd = await startSandboxd(
    config,
    config.executorFile ?? (await bundledExecutor()),
    log,
  );
  const stop = () => void sandboxd.close().then(() => process.exit(0));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  await sandboxd.ready();
  const { socketPath, runUrl, walls } = sandboxd;
  process.stdout.write(
    `${JSON.stringify({ message: "ready", socket: socketPath, run: runUrl, walls })}\n`,
  );
} catch (error) {
  if (!(error instanceof AnnexError)) throw error;
  process.stderr.write(`sandboxd: ${error.message}\n`);
  process.exit(1);
}

/** In a published package the executor is built; from source it is bundled anew, so that it is never a stale one. */
async function bundledExecutor(): Promise<string> {
  const file = join(import.meta.dirname, "../dist/executor.cjs");
  if (!import.meta.filename.endsWith(".ts")) return file;
  const { bundleExecutor } = await import("./executor/bundle.ts");
  await bundleExecutor(file);
  return file;
}
