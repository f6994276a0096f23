/** Runs sandboxd as a process: settings, signals, the ready line. */
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { pino } from "pino";
import { readConfig, type Config } from "./config.ts";
import type { Bundles } from "./isolation.ts";
import { startSandboxd } from "./sandboxd.ts";

/** Resolves when it serves; SIGTERM and SIGINT end it. */
export async function serve(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const config = readConfig(argv, env);
  // Bytes that pass through count as heap to V8: by its own measure two collections followed every answer of 6 MiB.
  setFlagsFromString("--heap-growing-percent=150");
  const log = pino({ level: config.logLevel }, pino.destination(2));
  // What was left undone is not known: whoever runs us starts another, which serves from what is on disk.
  process.on("uncaughtException", (error, origin) => {
    log.error({ err: error, origin }, "bug, ending");
    process.exit(1);
  });
  const sandboxd = await startSandboxd(config, await bundlesOf(config), log);
  const stop = () => void sandboxd.close().then(() => process.exit(0));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  // Started by `annex dev`, which is gone.
  process.once("disconnect", stop);
  await sandboxd.ready();
  const { socketPath, runUrl, walls, limits } = sandboxd;
  const ready = { message: "ready", socket: socketPath, run: runUrl };
  process.stdout.write(`${JSON.stringify({ ...ready, walls, limits })}\n`);
  // Now and not at the end, which may be a SIGKILL.
  flushCompileCache();
}

/** In a published package both are built; from source they are bundled anew, so that they are never stale. */
async function bundlesOf(config: Config): Promise<Bundles> {
  const folder = join(import.meta.dirname, "../dist");
  const executor = config.executorFile ?? join(folder, "executor.cjs");
  const broker = config.brokerFile ?? join(folder, "broker.cjs");
  if (!import.meta.filename.endsWith(".ts")) return { executor, broker };
  if (config.executorFile === undefined) {
    const { bundleExecutor } = await import("./executor/bundle.ts");
    await bundleExecutor(executor);
  }
  if (config.brokerFile === undefined) {
    const { bundleBroker } = await import("./broker/bundle.ts");
    await bundleBroker(broker);
  }
  return { executor, broker };
}
