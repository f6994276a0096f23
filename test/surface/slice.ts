/** A few members of each builtin, always the same: what the tests run of the surface, where the whole would take too long. */
import { nodeMembers } from "./node-members.ts";
import { checksFileOf, surfaceIn } from "./surfaces.ts";

const sliceSize = 12;

/** Every so manieth of the members that have a check and are to be offered. */
export async function sliceOf(module: string): Promise<string[]> {
  const file = await checksFileOf(module);
  if (file === undefined) return [];
  const { checks } = await surfaceIn(file);
  const offered = (await nodeMembers(module)).filter(
    (member) => typeof checks[member] === "function",
  );
  const step = Math.ceil(offered.length / sliceSize);
  return offered.filter((_member, index) => index % step === 0);
}
