/** Everything that measuring needs, running. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startOurs } from "../bench/ours.ts";
import { askIsolates } from "./isolate.ts";
import type { Stage } from "./measure.ts";
import { startOrigins } from "./origins.ts";

/** Starts the origins and an all-in-one whose extensions may reach them. */
export async function setStage(): Promise<Stage & { close(): Promise<void> }> {
  await using starting = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "annex-surface-"));
  starting.defer(() => rm(folder, { recursive: true, force: true }));
  const { origins, close } = await startOrigins();
  starting.defer(close);
  const ours = await startOurs("surface", folder, {});
  starting.defer(() => ours.close());
  await ours.openToExtensions(origins.host);
  const isolates = askIsolates(ours, origins);
  starting.defer(() => isolates.close());
  const closers = starting.move();
  return {
    folder,
    origins,
    isolates,
    close: () => closers.disposeAsync(),
  };
}
