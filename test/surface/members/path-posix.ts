import posix from "node:path/posix";
import type { Surface } from "../check.ts";
import { pathChecks } from "../path-checks.ts";

export const surface: Surface = {
  module: "path/posix",
  checks: pathChecks(posix),
};
