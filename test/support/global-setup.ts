import { bundleBroker } from "../../sandboxd/broker/bundle.ts";
import { bundleExecutor } from "../../sandboxd/executor/bundle.ts";
import { brokerFile, executorFile } from "./paths.ts";

/** Bundles executor and broker once, before any test starts a sandboxd. */
export async function setup(): Promise<void> {
  await Promise.all([bundleExecutor(executorFile), bundleBroker(brokerFile)]);
}
