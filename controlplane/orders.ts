/** What a command line may ask of the control plane's program. */
import { flushCompileCache } from "node:module";
import { pino } from "pino";
import { readOrder, type Config } from "./config.ts";
import { startControlPlane } from "./controlplane.ts";
import { backupDatabase } from "./store/backup.ts";
import { restoreInto } from "./store/restore.ts";
import { operatorToken } from "./tokens.ts";

/** Does what the command line says; resolves when it is done, or serves. */
export async function carryOut(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const order = readOrder(argv, env);
  const { databaseFile, masterKeyFile } = order.config;
  switch (order.name) {
    case "serve":
      return await serve(order.config);
    case "backup":
      return await backupDatabase({ databaseFile, backupFile: order.file });
    case "restore": {
      const { file: backupFile, replace } = order;
      restoreInto({ backupFile, databaseFile, replace });
      return;
    }
    case "token": {
      const state = { file: databaseFile, masterKeyFile, now: Date.now };
      const token = await operatorToken(state, order.kind);
      process.stdout.write(`${token}\n`);
    }
  }
}

async function serve(config: Config): Promise<void> {
  const log = pino({ level: config.logLevel }, pino.destination(2));
  // What was left undone is not known: whoever runs us starts another, which begins with what was committed.
  process.on("uncaughtException", (error, origin) => {
    log.error({ err: error, origin }, "bug, ending");
    process.exit(1);
  });
  const controlplane = await startControlPlane(config, { log });
  const stop = () => void controlplane.close().then(() => process.exit(0));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  // Started by `annex dev`, which is gone.
  process.once("disconnect", stop);
  const { grpcAddress: grpc, httpAddress: http } = controlplane;
  process.stdout.write(`${JSON.stringify({ message: "ready", grpc, http })}\n`);
  // Now and not at the end, which may be a SIGKILL.
  flushCompileCache();
}
