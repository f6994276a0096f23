/** What a container's executors may use: the host's settings, overridden by the container's own. */
import type { ContainerSettings } from "./cache/catalog.ts";
import type { Config } from "./config.ts";
import type { ExecutorSettings } from "./supervisor/settings.ts";

export function executorSettingsOf(
  config: Config,
  container: ContainerSettings | undefined,
): ExecutorSettings {
  const own = container?.limits;
  return {
    heapLimitMb: own?.heapMb || config.heapLimitMb,
    memoryMb: own?.memoryMb || config.memoryMb,
    cpuPercent: own?.cpuPercent || config.cpuPercent,
    maxExecutors: own?.maxExecutors || config.maxExecutorsPerContainer,
    trustGroup: container?.trustGroup ?? "",
  };
}
