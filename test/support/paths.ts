import { join } from "node:path";

/** The repository's root. */
export const repositoryRoot = join(import.meta.dirname, "../..");
/** The executor that tests run, bundled by the global set-up. */
export const executorFile = join(repositoryRoot, "dist/executor.cjs");
/** The broker that tests run, bundled with it. */
export const brokerFile = join(repositoryRoot, "dist/broker.cjs");
