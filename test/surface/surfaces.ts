/** The builtins that are measured, and where the checks of each lie. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Surface } from "./check.ts";

/** In the order of the report; `globals` is what needs no require. */
export const measured = [
  "globals",
  "assert",
  "assert/strict",
  "async_hooks",
  "buffer",
  "child_process",
  "cluster",
  "console",
  "constants",
  "crypto",
  "dgram",
  "diagnostics_channel",
  "dns",
  "dns/promises",
  "domain",
  "events",
  "fs",
  "fs/promises",
  "http",
  "http2",
  "https",
  "module",
  "net",
  "os",
  "path",
  "path/posix",
  "path/win32",
  "perf_hooks",
  "process",
  "punycode",
  "querystring",
  "readline",
  "readline/promises",
  "stream",
  "stream/consumers",
  "stream/promises",
  "stream/web",
  "string_decoder",
  "timers",
  "timers/promises",
  "tls",
  "tty",
  "url",
  "util",
  "util/types",
  "v8",
  "vm",
  "worker_threads",
  "zlib",
];

/** The file of a builtin's checks; undefined where nobody has written any. */
export async function checksFileOf(
  module: string,
): Promise<string | undefined> {
  const name = module.replaceAll("/", "-").replaceAll("_", "-");
  const file = join(import.meta.dirname, "members", `${name}.ts`);
  try {
    await access(file);
    return file;
  } catch {
    return undefined;
  }
}

export async function surfaceIn(file: string): Promise<Surface> {
  const loaded: { surface: Surface } = await import(file);
  return loaded.surface;
}
