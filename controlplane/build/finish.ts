/** What is done to a script of esbuild's before it is a bundle: its authors' names, and each file in its own mode. */
import type { Metafile } from "esbuild";
import { inOwnModes, modesOf } from "./modes.ts";
import { isRenamed, withOwnNames } from "./own-names.ts";
import type { MappedScript } from "./script.ts";

/** Where the script comes from: files that were bundled, or one script that was lowered. */
export type Finish =
  { inputs: Metafile["inputs"]; isAsync: boolean } | "lowered";

/** Whether it is any work. */
export function needsFinish(script: MappedScript, how: Finish): boolean {
  return (how !== "lowered" && hasBothModes(how)) || isRenamed(script);
}

/** The script with its authors' names and modes. */
export function finished(script: MappedScript, how: Finish): MappedScript {
  const isOneScope = how === "lowered";
  const named = isRenamed(script)
    ? withOwnNames(script, { isOneScope })
    : script;
  return isOneScope ? named : inOwnModes(named, how);
}

function hasBothModes({ inputs, isAsync }: Exclude<Finish, "lowered">) {
  const { strict, sloppy } = modesOf(inputs);
  return isAsync || (strict.size > 0 && sloppy.size > 0);
}
