/** Opens what bounds executors here: which backend works is tried, not asked. */
import { AnnexError } from "../../proto/errors.ts";
import { openCgroup1 } from "./cgroup1.ts";
import { openCgroup2 } from "./cgroup2.ts";
import { findHierarchies } from "./hierarchies.ts";
import {
  Missing,
  type BackendOptions,
  type Limits,
  type LimitsName,
  type LimitsOptions,
} from "./limits.ts";
import { readMemoryLimit } from "./memory-limit.ts";
import { openRlimit } from "./rlimit.ts";
import { kernelFiles } from "./tree-files.ts";

/** Opens the first backend that works, or the chosen one; throws `precondition`, naming what is missing, where it cannot be had. */
export async function openLimits(options: LimitsOptions): Promise<Limits> {
  const limits = await openFirst(options);
  const { name, holds } = limits;
  options.log.info({ limits: name, holds }, "limits stand");
  return limits;
}

async function openFirst(options: LimitsOptions): Promise<Limits> {
  const { choice, files = kernelFiles, log } = options;
  const hierarchies = findHierarchies(files);
  const backend: BackendOptions = {
    ...options,
    files,
    memoryLimitBytes: readMemoryLimit(files, hierarchies),
  };
  const backends = {
    cgroup2: () => openCgroup2(hierarchies, backend),
    cgroup1: () => openCgroup1(hierarchies, backend),
    rlimit: () => openRlimit(backend),
  };
  if (choice !== "auto") return await demand(choice, backends[choice]);
  for (const name of ["cgroup2", "cgroup1"] as const) {
    try {
      return await backends[name]();
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      log.info({ backend: name, missing: error.message }, "limits not used");
    }
  }
  return await demand("rlimit", backends.rlimit);
}

async function demand(
  name: LimitsName,
  open: () => Promise<Limits>,
): Promise<Limits> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    throw new AnnexError(
      "precondition",
      `limits by ${name} cannot be had here: ${error.message}`,
      { cause: error },
    );
  }
}
