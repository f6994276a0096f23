/** Runs sandboxd as a process: settings, signals, the ready line. */
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { pino } from "pino";
import { readConfig } from "./config.ts";
import { startSandboxd } from "./sandboxd.ts";

/** Resolves when it serves; SIGTERM and SIGINT end it. */
export async function serve(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const config = readConfig(argv, env);
  const log = pino({ level: config.logLevel }, pino.destination(2));
  const sandboxd = await startSandboxd(
    config,
    config.executorFile ?? (await bundledExecutor()),
    log,
  );
  const stop = () => void sandboxd.close().then(() => process.exit(0));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  // Started by `annex dev`, which is gone.
  process.once("disconnect", stop);
  await sandboxd.ready();
  const { socketPath, runUrl, walls } = sandboxd;
  process.stdout.write(
    `${JSON.stringify({ message: "ready", socket: socketPath, run: runUrl, walls })}\n`,
  );
  // Now and not at the end, which may be a SIGKILL.
  flushCompileCache();
}

/** In a published package the executor is built; from source it is bundled anew, so that it is never a stale one. */
async function bundledExecutor(): Promise<string> {
  const file = join(import.meta.dirname, "../dist/executor.cjs");
  if (!import.meta.filename.endsWith(".ts")) return file;
  const { bundleExecutor } = await import("./executor/bundle.ts");
  await bundleExecutor(file);
  return file;
}
