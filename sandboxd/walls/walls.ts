import type { Enclosed } from "./process.ts";
import type { Program } from "./program.ts";

/** What stands between a process and the host. */
export interface Walls {
  readonly name: WallsName;
  /** The attacks of the catalogue's A35 to A40 that fail even if code breaks out of V8. */
  readonly holds: readonly string[];
  enclose(program: Program): Enclosed;
}

export type WallsName = "bwrap" | "bwrap-no-proc" | "none";
