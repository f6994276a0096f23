/** What is done to a script of esbuild's before it is a bundle: its authors' names, and each file in its own mode. */
import type { Metafile } from "esbuild";
import { hasNameCalls, withoutIdleNameCalls } from "./kept-names.ts";
import { inOwnModes, modesOf } from "./modes.ts";
import type { MappedScript } from "./script.ts";

/** Where the script comes from: files that were bundled, or one script that was lowered. */
export type Finish =
  { inputs: Metafile["inputs"]; isAsync: boolean } | "lowered";

/** Whether it is any work. */
export function needsFinish(script: MappedScript, how: Finish): boolean {
  return (how !== "lowered" && hasBothModes(how)) || hasNameCalls(script);
}

/** The script with its authors' names and modes. */
export function finished(script: MappedScript, how: Finish): MappedScript {
  const named = hasNameCalls(script) ? withoutIdleNameCalls(script) : script;
  return how === "lowered" ? named : inOwnModes(named, how);
}

function hasBothModes({ inputs, isAsync }: Exclude<Finish, "lowered">) {
  const { strict, sloppy } = modesOf(inputs);
  return isAsync || (strict.size > 0 && sloppy.size > 0);
}
