import { bundleExecutor } from "../../sandboxd/executor/bundle.ts";
import { executorFile } from "./paths.ts";

/** Bundles the executor once, before any test starts a sandboxd. */
export async function setup(): Promise<void> {
  await bundleExecutor(executorFile);
}
