/** What a container's executors may use: the host's settings, overridden by the container's own. */
import type { ContainerSettings } from "./cache/catalog.ts";
import { memoryAboveHeapMb, type Config } from "./config.ts";
import type { ExecutorSettings } from "./supervisor/settings.ts";

type HostDefaults = Pick<
  Config,
  "heapLimitMb" | "memoryMb" | "cpuPercent" | "maxExecutorsPerContainer"
>;

/** With less memory than its heap needs, a well-behaved container would be killed for a combination nobody chose: it gets more. */
export function executorSettingsOf(
  config: HostDefaults,
  container: ContainerSettings | undefined,
): ExecutorSettings {
  const own = container?.limits;
  const heapLimitMb = own?.heapMb || config.heapLimitMb;
  const memoryMb = own?.memoryMb || config.memoryMb;
  return {
    heapLimitMb,
    memoryMb: Math.max(memoryMb, heapLimitMb + memoryAboveHeapMb),
    cpuPercent: own?.cpuPercent || config.cpuPercent,
    maxExecutors: own?.maxExecutors || config.maxExecutorsPerContainer,
    trustGroup: container?.trustGroup ?? "",
  };
}
