#!/usr/bin/env node
/** The control plane: argv and environment in, exit code out. */
import { pino } from "pino";
import { AnnexError } from "../proto/errors.ts";
import { readOrder, type Config, type Order } from "./config.ts";
import { startControlPlane } from "./controlplane.ts";
import { backupDatabase } from "./store/backup.ts";
import { restoreInto } from "./store/restore.ts";
import { operatorToken } from "./tokens.ts";

try {
  await carryOut(readOrder(process.argv.slice(2), process.env));
} catch (error) {
  if (!(error instanceof AnnexError)) throw error;
  process.stderr.write(`controlplane: ${error.message}\n`);
  process.exitCode = 1;
}

async function carryOut(order: Order): Promise<void> {
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
  const controlplane = await startControlPlane(config, { log });
  const stop = () => void controlplane.close().then(() => process.exit(0));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  const { grpcAddress: grpc, httpAddress: http } = controlplane;
  process.stdout.write(`${JSON.stringify({ message: "ready", grpc, http })}\n`);
}
