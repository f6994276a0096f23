import path from "node:path";
import type { Surface } from "../check.ts";
import { pathChecks } from "../path-checks.ts";

export const surface: Surface = {
  module: "path",
  checks: pathChecks(path),
};
