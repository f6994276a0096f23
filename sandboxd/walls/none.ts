/** No walls: for tests of other things, for development, and for whoever insists. */
import { resolve } from "node:path";
import type { Program } from "./program.ts";
import type { Walls } from "./walls.ts";

/** Its programs are child processes like any other. */
export const noWalls: Walls = {
  name: "none",
  // What a frame may say is checked by the supervisor, walls or not. The rest holds until code breaks out of V8.
  holds: ["A39"],
  enclose: ({ file, nodeFlags }: Program) => ({
    command: [process.execPath, ...nodeFlags, resolve(file)],
  }),
};
