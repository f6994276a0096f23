import win32 from "node:path/win32";
import type { Surface } from "../check.ts";
import { pathChecks } from "../path-checks.ts";

export const surface: Surface = {
  module: "path/win32",
  checks: pathChecks(win32),
};
