/** Where an app stands: it serves what is below the path that leads to its extension, as one that Express mounts does. */
import type { RequestHead } from "../context.ts";
import { sliceText } from "../intrinsics.ts";

export function urlBelowMount({ url, mount }: RequestHead): string {
  const below = sliceText(url, mount.length);
  return below[0] === "/" ? below : `/${below}`;
}
